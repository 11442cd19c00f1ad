-- name: database_identity
-- Where the ledger lives: the server, the database, this table and the server's timeline. A dump that is restored, a copy of
-- the database, a backup recovered to a point in time and a promoted standby differ in at least one.
select system_identifier || '/' || (select oid from pg_database where datname = current_database())
  || '/' || 'incarnation'::regclass::oid || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
from pg_control_system()

-- name: read_incarnation
-- The ledger's incarnation and where it began.
select number, database from incarnation

-- name: lock_incarnation
-- One who begins an incarnation at a time.
lock table incarnation in share row exclusive mode

-- name: put_incarnation
-- Begins an incarnation.
insert into incarnation (number, database, begun_at) values (%(number)s, %(database)s, %(at)s)
on conflict (only_one) do update set number = excluded.number, database = excluded.database, begun_at = excluded.begun_at

-- name: begin_partitions
-- Where every partition begins.
insert into incarnation_partition (partition, phase) select n, %(phase)s from generate_series(0, %(partitions)s - 1) n
on conflict (partition) do update set phase = excluded.phase, entries_end = null, controls_end = null, published_after = -1

-- name: reset_sequences
-- Sequence numbers begin anew.
insert into outgoing_sequence (topic, partition, next, incarnation)
select topic, n, 0, %(number)s from unnest(%(topics)b::text[]) topic, generate_series(0, %(partitions)s - 1) n
on conflict (topic, partition) do update set next = 0, incarnation = excluded.incarnation

-- name: forget_closings
-- What closed patients in an older incarnation closes nobody any more; the partition as a whole is dark.
update redecision set closing = -1 where closing <> -1

-- name: forget_outbox
-- What was not published in an older incarnation is worth nothing.
delete from outbox

-- name: next_numbers
-- The next number of each partition of the topics that are published to.
select topic, partition, next from outgoing_sequence

-- name: phases
-- How far these partitions have come.
select partition, phase, entries_end, controls_end, published_after from incarnation_partition
where partition = any(%(partitions)s) and phase <> 'open' order by partition

-- name: set_phase
-- Goes on to the next phase.
update incarnation_partition set phase = %(phase)s where partition = %(partition)s

-- name: set_ends
-- Remembers how far the topics are to be read.
update incarnation_partition set phase = 'catching_up', entries_end = %(entries)s, controls_end = %(controls)s
where partition = %(partition)s

-- name: is_caught_up
-- Whether both lanes have read a partition to the ends that were remembered.
select coalesce(bool_and(p.next_offset >= case p.topic when 'entries' then i.entries_end else i.controls_end end), false)
  and count(*) = 2
from incarnation_partition i join source_position p using (partition)
where i.partition = %(partition)s

-- name: patients_to_publish
-- The next patients of whom everything is published again.
select nhs_number, partition, control_position from patient
where partition = %(partition)s and nhs_number > %(after)s order by nhs_number limit %(limit)s

-- name: published
-- Remembers up to whom.
update incarnation_partition set published_after = %(after)s where partition = %(partition)s

-- name: still_to_publish
-- Whether patients of a partition wait for it, but for those that cannot be decided.
select exists (
  select from redecision where partition = %(partition)s and publish_all and nhs_number <> all(%(without)s::bigint[])
)
