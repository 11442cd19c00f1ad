-- name: page_patients
-- The next patients, in order.
select nhs_number, facts from patient where nhs_number > %(after)s order by nhs_number limit %(limit)s

-- name: choose_patients
-- So many patients, the same ones for the same seed; in order.
select nhs_number from (
  select nhs_number from patient order by md5(%(seed)s || nhs_number), nhs_number limit %(n)s
) chosen order by nhs_number

-- name: read_patients
-- The patients named, in order.
select nhs_number, facts from patient where nhs_number = any(%(nhs_numbers)s) order by nhs_number

-- name: count_patients
-- How many patients the ledger knows.
select count(*) from patient

-- name: positions
-- How far each topic has been read.
select topic || '/' || partition, next_offset from source_position order by topic, partition

-- name: put_rehearsal
-- Keeps a rehearsal; the same one again changes nothing.
insert into rehearsal (rehearsal_id, document, report, at)
values (%(rehearsal_id)s, %(document)s, %(report)s, %(at)s) on conflict do nothing

-- name: find_rehearsals
-- The rehearsals whose id begins so; two are enough to see that the prefix is ambiguous.
select rehearsal_id, document, report from rehearsal where starts_with(rehearsal_id, %(prefix)s) limit 2

-- name: open_rehearsals
-- Rehearsals against the ruleset in force, with who approved them.
select r.rehearsal_id, r.report,
  array(select distinct a.approver from signed_approval a where a.rehearsal_id = r.rehearsal_id order by 1) as approvers
from rehearsal r
where (r.report->>'generation')::bigint = (select generation from active_ruleset) order by r.at, r.rehearsal_id
