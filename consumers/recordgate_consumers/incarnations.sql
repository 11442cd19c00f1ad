-- name: begin_incarnations
-- From the first message of a newer incarnation a partition counts anew, and is not open.
insert into message_partition as known (partition, incarnation)
select partition, max(incarnation)
from unnest(%(partition)b::int[], %(incarnation)b::bigint[]) as incoming (partition, incarnation)
group by partition
order by partition
on conflict (partition) do update set
  incarnation = excluded.incarnation, applied = '{}', open_at = null, open = false, swept = false
where known.incarnation < excluded.incarnation

-- name: read_incarnations
-- The incarnation that counts, by partition.
select partition, incarnation from message_partition where partition = any(%(partition)s)

-- name: note_open
-- Remember the open message's number.
update message_partition set open_at = %(sequence)s where partition = %(partition)s

-- name: note_sequences
-- Remember which sequence numbers were applied. A partition is open once its open message and every lower number are in.
update message_partition as known set
  applied = known.applied + incoming.applied,
  open = known.open or coalesce(known.open_at < contiguous_prefix(known.applied + incoming.applied), false)
from (
  select partition, range_agg(int8range(first, last, '[]')) as applied
  from unnest(%(partition)b::int[], %(first)b::bigint[], %(last)b::bigint[]) as run (partition, first, last)
  group by partition
) as incoming
where known.partition = incoming.partition

-- name: partitions_not_open
-- Every partition, and whether it is open.
select partition, open from message_partition

-- name: to_sweep
-- Partitions whose older incarnations may be forgotten.
select partition from message_partition where open and not swept

-- name: swept
-- These are done, unless another incarnation has begun.
update message_partition set swept = true where partition = any(%(partitions)s) and open
