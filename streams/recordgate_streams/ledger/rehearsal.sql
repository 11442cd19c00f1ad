-- name: in_force
-- The ruleset in force and its document, as a reader sees it.
select generation, hash, document, activated_at from active_ruleset

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

-- name: read_rehearsal
-- A rehearsal.
select document, report from rehearsal where rehearsal_id = %(rehearsal_id)s

-- name: former
-- The document that the last activation replaced.
select former from activation order by generation desc limit 1
