-- name: add_patients
-- Makes a row for patients heard of for the first time.
insert into patient (nhs_number, partition)
select n.nhs_number, n.partition
from unnest(%(nhs_numbers)b::bigint[], %(partitions)b::int[]) as n (nhs_number, partition)
order by n.nhs_number
on conflict do nothing

-- name: lock_patients
-- Locks patients in the one order everybody uses and returns what is known of them.
select nhs_number, partition, facts, control_position, due_at from patient
where nhs_number = any(%(nhs_numbers)s) order by nhs_number for update

-- name: put_facts
-- Stores facts and control positions after controls.
update patient p set facts = n.facts, control_position = n.control_position
from unnest(%(nhs_numbers)b::bigint[], %(facts)b::jsonb[], %(positions)b::bigint[])
  as n (nhs_number, facts, control_position)
where p.nhs_number = n.nhs_number

-- name: put_due
-- Stores when time alone will next change something about patients.
update patient p set due_at = n.due_at
from unnest(%(nhs_numbers)b::bigint[], %(due)b::timestamptz[]) as n (nhs_number, due_at)
where p.nhs_number = n.nhs_number

-- name: claim_due
-- Patients for whom the time has come; another worker's are skipped.
update patient set due_at = null where nhs_number in (
  select nhs_number from patient
  where due_at <= %(now)s and partition = any(%(partitions)s) order by due_at limit %(limit)s
  for update skip locked
)
returning nhs_number, partition, control_position

-- name: load_entries
-- The stored entries among those named, without bodies.
select e.envelope, e.conflict, e.body_mismatch, e.partition, e.source_offset, e.published_at
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
join entry e on e.nhs_number = n.nhs_number and e.entry_id = n.entry_id

-- name: entries_of
-- The ids of the entries of the patients, so many of each at most.
select n.nhs_number, e.entry_id
from unnest(%(nhs_numbers)b::bigint[]) as n (nhs_number)
cross join lateral (
  select entry_id from entry where entry.nhs_number = n.nhs_number order by entry_id limit %(most)s
) e

-- name: size_of
-- How many bytes the entries named have. The length of a body is known without reading it.
select coalesce(sum(octet_length(e.envelope) + octet_length(e.body)), 0)
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
join entry e on e.nhs_number = n.nhs_number and e.entry_id = n.entry_id

-- name: snapshots
-- When the systems of the patients last listed all their entries.
select nhs_number, practice, system, taken_at from snapshot where nhs_number = any(%(nhs_numbers)s)

-- name: gone_at_source
-- Which of the entries a snapshot does not list. `not in` of rows: the lists are hashed, once in a statement; nothing in
-- them is null. `offset 0` keeps each look-up on the index.
select n.place
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(practices)b::text[], %(systems)b::text[]) with ordinality
  as n (nhs_number, entry_id, practice, system, place)
where (n.nhs_number, n.practice, n.system, n.entry_id) not in (
  select l.nhs_number, l.practice, l.system, unnest(l.entry_ids)
  from (select distinct unnest(%(nhs_numbers)b::bigint[]) as number) p
  cross join lateral (select * from snapshot where snapshot.nhs_number = p.number offset 0) l
)

-- name: statements_of_patients
-- What controls stated about any entry of the patients, arrived or not.
select nhs_number, entry_id, marks from entry_mark where nhs_number = any(%(nhs_numbers)s)

-- name: load_statements
-- What controls stated about the entries named.
select m.nhs_number, m.entry_id, m.marks
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
join entry_mark m on m.nhs_number = n.nhs_number and m.entry_id = n.entry_id

-- name: load_tasks
-- Open tasks of the patients.
select nhs_number, reason, audience, entry_id from current_task where nhs_number = any(%(nhs_numbers)s)

-- name: put_task
-- Opens a task, or leaves it open.
insert into current_task (nhs_number, reason, audience, entry_id)
values (%(nhs_number)s, %(reason)s, %(audience)s, %(entry_id)s)
on conflict do nothing

-- name: end_task
-- Closes a task.
delete from current_task where nhs_number = %(nhs_number)s and reason = %(reason)s and audience = %(audience)s
  and entry_id = %(entry_id)s

-- name: load_decisions
-- The decisions in force for the entries named, and the ruleset that each was made under or is the same under.
with named as (
  select * from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
)
select d.nhs_number, d.entry_id, d.audience, d.version, d.outcome, d.headline, d.digest, coalesce(g.hash, ''), d.released_under
from (
  select e.nhs_number, e.entry_id, 'self' as audience, version, outcome, headline, digest, generation, released_under
  from named n join entry e on e.nhs_number = n.nhs_number and e.entry_id = n.entry_id
  union all
  select p.nhs_number, p.entry_id, audience, version, outcome, headline, digest, generation, released_under
  from named n join proxy_decision p on p.nhs_number = n.nhs_number and p.entry_id = n.entry_id
) d
left join ruleset_generation g on g.generation = d.generation

-- name: load_bodies
-- The bodies of the entries named.
select e.nhs_number, e.entry_id, e.body
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
join entry e on e.nhs_number = n.nhs_number and e.entry_id = n.entry_id

-- name: copy_entries
-- Stores entries that were not known, with the decisions about them; the caller holds the patients' locks.
copy entry (nhs_number, version, source_offset, published_at, decided_at, decided_under, partition, decided_in, generation,
  conflict, body_mismatch, may_defer, entry_id, outcome, digest, envelope, body, headline, reasons, released_under)
from stdin (format binary)

-- name: replace_entries
-- Stores accepted versions in place of others; the caller holds the patients' locks and has compared versions.
update entry e set version = n.version, source_offset = n.source_offset, published_at = n.published_at,
  conflict = n.conflict, body_mismatch = n.body_mismatch, may_defer = n.may_defer, envelope = n.envelope, body = n.body
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(versions)b::bigint[], %(offsets)b::bigint[],
  %(published)b::timestamptz[], %(conflicts)b::boolean[], %(mismatches)b::boolean[], %(may_defer)b::boolean[],
  %(envelopes)b::bytea[], %(bodies)b::bytea[])
  as n (nhs_number, entry_id, version, source_offset, published_at, conflict, body_mismatch, may_defer, envelope, body)
where e.nhs_number = n.nhs_number and e.entry_id = n.entry_id

-- name: put_statements
-- Stores what controls stated about entries.
insert into entry_mark (nhs_number, entry_id, marks)
select * from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(marks)b::jsonb[])
on conflict (nhs_number, entry_id) do update set marks = excluded.marks

-- name: put_snapshot
-- Stores a system's listing unless a newer one is known; of two at one instant what either misses is gone.
insert into snapshot as s (nhs_number, practice, system, taken_at, entry_ids)
values (%(nhs_number)s, %(practice)s, %(system)s, %(taken_at)s, %(entry_ids)s)
on conflict (nhs_number, practice, system) do update set taken_at = excluded.taken_at,
  entry_ids = case when s.taken_at < excluded.taken_at then excluded.entry_ids
    else array(select unnest(s.entry_ids) intersect select unnest(excluded.entry_ids)) end
where s.taken_at <= excluded.taken_at

-- name: put_decisions
-- Stores the decisions in force for the patients about entries that are stored.
update entry e set outcome = n.outcome, headline = n.headline, reasons = n.reasons, digest = n.digest,
  decided_under = n.decided_under, decided_at = %(at)s, decided_in = %(generation)s, generation = %(generation)s,
  released_under = n.released_under
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(outcomes)b::text[], %(headlines)b::text[],
  %(reasons)b::jsonb[], %(digests)b::bytea[], %(under)b::bigint[], %(released_under)b::text[])
  as n (nhs_number, entry_id, outcome, headline, reasons, digest, decided_under, released_under)
where e.nhs_number = n.nhs_number and e.entry_id = n.entry_id

-- name: put_proxy_decisions
-- Stores the decisions in force for proxies.
insert into proxy_decision (nhs_number, version, decided_at, decided_under, decided_in, generation, entry_id, audience,
  outcome, digest, headline, reasons, released_under)
select n.nhs_number, n.version, %(at)s, n.decided_under, %(generation)s, %(generation)s, n.entry_id, n.audience, n.outcome,
  n.digest, n.headline, n.reasons, n.released_under
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(audiences)b::text[], %(versions)b::bigint[],
  %(outcomes)b::text[], %(headlines)b::text[], %(reasons)b::jsonb[], %(digests)b::bytea[], %(under)b::bigint[],
  %(released_under)b::text[])
  as n (nhs_number, entry_id, audience, version, outcome, headline, reasons, digest, decided_under, released_under)
on conflict (nhs_number, entry_id, audience) do update set version = excluded.version, decided_at = excluded.decided_at,
  decided_under = excluded.decided_under, decided_in = excluded.decided_in, generation = excluded.generation,
  outcome = excluded.outcome, digest = excluded.digest, headline = excluded.headline, reasons = excluded.reasons,
  released_under = excluded.released_under

-- name: stamp_decisions
-- Decisions that came out the same under another ruleset carry that one from now on.
update entry d set generation = %(generation)s
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
where d.nhs_number = n.nhs_number and d.entry_id = n.entry_id

-- name: stamp_proxy_decisions
-- Those for proxies, too.
update proxy_decision d set generation = %(generation)s
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(audiences)b::text[]) as n (nhs_number, entry_id, audience)
where d.nhs_number = n.nhs_number and d.entry_id = n.entry_id and d.audience = n.audience

-- name: put_last_decision
-- Remembers when decisions were last made, by the partitions of their patients; in order, as with the counts.
insert into last_decision (partition, decided_at) select n, %(at)s from unnest(%(partitions)b::int[]) n
on conflict (partition) do update set decided_at = excluded.decided_at

-- name: count_records
-- Adds to the account.
insert into account as a (topic, partition, kind, records)
select * from unnest(%(topics)b::text[], %(partitions)b::int[], %(kinds)b::text[], %(counts)b::bigint[])
on conflict (topic, partition, kind) do update set records = a.records + excluded.records

-- name: isolated
-- The records near the positions that were set aside because processing them failed.
select q.partition, q.record_offset from quarantine q
join source_position p on p.topic = q.topic and p.partition = q.partition
where q.topic = %(topic)s and q.partition = any(%(partitions)s) and q.record_offset >= p.next_offset - %(window)s
  and starts_with(q.error, %(error)s)

-- name: ask_redecision
-- Asks for a patient to be decided again; a wider wish absorbs a narrower one, and pages begin anew.
insert into redecision as r (nhs_number, partition, through, entry_ids, forced, published_at, publish_all)
values (%(nhs_number)s, %(partition)s, %(through)s, %(entry_ids)s, %(forced)s, %(published_at)s, %(publish_all)s)
on conflict (nhs_number) do update set through = greatest(r.through, excluded.through), after = '',
  entry_ids = case when r.entry_ids is null or excluded.entry_ids is null then null
    else array(select unnest(r.entry_ids) union select unnest(excluded.entry_ids)) end,
  forced = array(select unnest(r.forced) union select unnest(excluded.forced)),
  published_at = least(r.published_at, excluded.published_at), publish_all = r.publish_all or excluded.publish_all

-- name: ask_again
-- Asks for all entries of a patient, from the beginning once the pages at hand are done.
insert into redecision as r (nhs_number, partition, through, forced, published_at, closing)
values (%(nhs_number)s, %(partition)s, %(through)s, '{}', %(published_at)s, %(closing)s)
on conflict (nhs_number) do update set through = greatest(r.through, excluded.through), entry_ids = null, again = true,
  closing = greatest(r.closing, excluded.closing), published_at = least(r.published_at, excluded.published_at)

-- name: put_closing
-- Remembers the number of the message that closed a patient.
update redecision set closing = greatest(closing, %(closing)s) where nhs_number = %(nhs_number)s

-- name: next_redecisions
-- The patients that are next.
select nhs_number from redecision
where partition = any(%(partitions)s) and nhs_number <> all(%(without)s::bigint[]) order by nhs_number limit %(patients)s

-- name: read_redecisions
-- What is asked for the patients just locked.
select nhs_number, partition, through, entry_ids, forced, published_at, publish_all, closing from redecision
where nhs_number = any(%(nhs_numbers)s) order by nhs_number

-- name: patients_asked_for
-- Which of the patients just locked wait to be decided again.
select nhs_number from redecision where nhs_number = any(%(nhs_numbers)s)

-- name: page_entries
-- The next entries to decide again, patient by patient, without bodies, and how many there were before the page was cut to
-- its bytes. The limit stands inside as well, so that each patient's entries come from the index: as a plain join a page of
-- many patients is planned as a scan of all entries. Bytes are summed only of the page: a sum beside the limit would read
-- every patient's entries first.
with page as (
  select e.*
  from redecision r
  cross join lateral (
    select nhs_number, entry_id, envelope, conflict, body_mismatch, partition, source_offset, published_at,
      octet_length(envelope) + octet_length(body) as bytes
    from entry
    where entry.nhs_number = r.nhs_number and entry.entry_id > r.after
      and (r.entry_ids is null or entry.entry_id = any(r.entry_ids))
    order by entry.entry_id
    limit %(limit)s
  ) e
  where r.nhs_number = any(%(nhs_numbers)b::bigint[])
  order by r.nhs_number, e.entry_id
  limit %(limit)s
)
select envelope, conflict, body_mismatch, partition, source_offset, published_at, found
from (
  select *, count(*) over () as found, sum(bytes) over (order by nhs_number, entry_id) - bytes as bytes_before from page
) counted
where bytes_before < %(most_bytes)s
order by nhs_number, entry_id

-- name: advance_redecision
-- Remembers how far a patient's page went.
update redecision set after = %(after)s where nhs_number = %(nhs_number)s

-- name: end_redecisions
-- These patients are done, unless something was left over.
delete from redecision where nhs_number = any(%(nhs_numbers)s) and not again returning nhs_number

-- name: restart_redecisions
-- For the others the pages begin anew.
update redecision set after = '', again = false where nhs_number = any(%(nhs_numbers)s) and again

-- name: conservation
-- The account of entry records against positions, over all partitions; what holds no record was not received.
select
  (select coalesce(sum(next_offset), 0) from source_position where topic = 'entries')::bigint
    - coalesce(sum(records) filter (where kind = 'hole'), 0)::bigint as received,
  coalesce(sum(records) filter (where kind = 'accepted'), 0)::bigint as accepted,
  coalesce(sum(records) filter (where kind = 'duplicate'), 0)::bigint as duplicate,
  coalesce(sum(records) filter (where kind = 'superseded'), 0)::bigint as superseded,
  coalesce(sum(records) filter (where kind = 'quarantined'), 0)::bigint as quarantined
from account where topic = 'entries'

-- name: outcomes
-- Current outcomes for the patients themselves, by headline reason, as they were counted.
select outcome, reason, sum(entries)::bigint from outcome_count group by 1, 2 having sum(entries) <> 0 order by 3 desc, 1, 2

-- name: recount
-- Where the decisions in force differ from what was counted: partition, outcome, reason, counted, found.
select partition, outcome, reason, coalesce(c.entries, 0), coalesce(d.entries, 0)
from outcome_count c
full join (
  select partition, outcome, coalesce(headline, '-') as reason, count(*) as entries from entry group by 1, 2, 3
) d using (partition, outcome, reason)
where coalesce(c.entries, 0) <> coalesce(d.entries, 0) order by 1, 2, 3

-- name: count_outcomes
-- Adds to the counts of outcomes; in key order, so that two lanes of one partition wait for each other and do not lock.
insert into outcome_count as c (partition, outcome, reason, entries)
select * from unnest(%(partitions)b::int[], %(outcomes)b::text[], %(reasons)b::text[], %(changes)b::bigint[])
on conflict (partition, outcome, reason) do update set entries = c.entries + excluded.entries

-- name: find_entry
-- Where an entry id is known: normally one patient. No index serves this question: the keys are read from end to end.
select nhs_number from entry where entry_id = %(entry_id)s order by nhs_number

-- name: history
-- All decisions about an entry, oldest first.
select audience, version, outcome, headline, reasons, ruleset, decided_under, decided_at from decision
where nhs_number = %(nhs_number)s and entry_id = %(entry_id)s order by decided_at, decision_id

-- name: source
-- Where an entry's current version came from.
select version, partition, source_offset, published_at from entry
where nhs_number = %(nhs_number)s and entry_id = %(entry_id)s

-- name: known_of
-- What is known of a patient and of one entry, for an explanation.
select p.control_position, p.due_at, p.facts,
  (select marks from entry_mark m where m.nhs_number = p.nhs_number and m.entry_id = %(entry_id)s),
  array(select audience || ' ' || reason || ' ' || outcome from root r
    where r.nhs_number = p.nhs_number and r.entry_id = %(entry_id)s order by 1),
  array(select audience || ' ' || array_to_string(objections, ', ') from reached r
    where r.nhs_number = p.nhs_number and r.entry_id = %(entry_id)s order by 1)
from patient p where p.nhs_number = %(nhs_number)s
