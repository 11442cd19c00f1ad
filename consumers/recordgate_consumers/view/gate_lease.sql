-- name: open_partitions
-- Make every partition's row, unless there are any: the first gate lane says how many there are.
insert into gate_freshness (partition, lease)
select wanted.partition, %(lease)s
from generate_series(0, %(partitions)s::int - 1) as wanted (partition)
where not exists (select from gate_freshness)
on conflict (partition) do nothing

-- name: set_lease
-- How long a stamp lasts; readers have no say in it.
update gate_freshness set lease = %(lease)s where lease <> %(lease)s

-- name: count_partitions
-- How many partitions the view counts on.
select count(*) from gate_freshness

-- name: read_clock
-- T, from the clock by which readers judge.
select clock_timestamp()

-- name: stamp
-- Stamp the partitions whose stored position has passed their tick. INVARIANT: the position that counts is the stored
-- one, of this very topic; of two gate lanes the later T stays, unless it is of a clock that was ahead.
update gate_freshness as gate
set fresh_at = case when gate.fresh_at <= clock_timestamp() then greatest(gate.fresh_at, tick.at) else tick.at end
from unnest(%(partitions)s::int[], %(offsets)s::bigint[], %(ats)s::timestamptz[]) as tick (partition, at_offset, at)
join source_position as position
  on position.topic = 'controls'
  and position.topic_id = %(topic_id)s
  and position.partition = tick.partition
  and position.next_offset > tick.at_offset
where gate.partition = tick.partition
returning gate.partition
