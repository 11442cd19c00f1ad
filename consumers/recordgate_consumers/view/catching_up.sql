-- name: move_in
-- Note where the view lives: the server, the database, its table and the server's timeline. A row comes back if it lived
-- elsewhere before: after a dump, a copy, a recovery to a point in time, a promotion; or nowhere yet.
insert into view_home (home)
select system_identifier || '/' || (select oid from pg_database where datname = current_database())
  || '/' || 'released_entry'::regclass::oid || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
from pg_control_system()
on conflict ((true)) do update set home = excluded.home where view_home.home <> excluded.home
returning true

-- name: close
-- Show nothing of these partitions before these offsets are reached.
insert into catching_up as known (partition, until)
select * from unnest(%(partitions)b::int[], %(untils)b::bigint[]) as incoming (partition, until)
order by partition
on conflict (partition) do update set until = greatest(known.until, excluded.until)

-- name: close_all
-- Show nothing at all for now.
insert into catching_up as known (partition, until)
select partition, %(forever)s from source_position where topic = %(topic)s
on conflict (partition) do update set until = excluded.until

-- name: begin_again
-- The log was found to be the one that was read: what was closed for good waits for its ends only.
update catching_up set until = incoming.until
from unnest(%(partitions)b::int[], %(untils)b::bigint[]) as incoming (partition, until)
where catching_up.partition = incoming.partition and catching_up.until = %(forever)s

-- name: open_reached
-- Open what the sink has reached.
delete from catching_up as behind using source_position as at
where at.topic = %(topic)s and at.partition = behind.partition and at.next_offset >= behind.until

-- name: waiting
-- Which partitions are closed, and up to where.
select partition, until from catching_up order by partition
