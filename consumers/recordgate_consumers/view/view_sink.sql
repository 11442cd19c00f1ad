-- name: put_entries
-- Keep the newest message per (entry, audience): a release with its body, a retraction as an empty row.
insert into released_entry as known (
  nhs_number, audience, entry_id, sequence, decided_under, version, kind, event_date, recorded_at, redacted,
  valid_until, body, body_type, body_sha256, released_at
)
select
  nhs_number, audience, entry_id, sequence, decided_under, version, kind, event_date, recorded_at, redacted,
  valid_until, body, body_type, body_sha256, now()
from unnest(
  %(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(sequence)b::bigint[],
  %(decided_under)b::bigint[], %(version)b::bigint[], %(kind)b::text[], %(event_date)b::date[],
  %(recorded_at)b::timestamptz[], %(redacted)b::boolean[], %(valid_until)b::timestamptz[],
  %(body)b::bytea[], %(body_type)b::text[], %(body_sha256)s::bytea[]
) as incoming (
  nhs_number, audience, entry_id, sequence, decided_under, version, kind, event_date, recorded_at, redacted,
  valid_until, body, body_type, body_sha256
)
order by nhs_number, audience, entry_id
on conflict (nhs_number, audience, entry_id) do update set
  sequence = excluded.sequence,
  decided_under = excluded.decided_under,
  version = excluded.version,
  kind = excluded.kind,
  event_date = excluded.event_date,
  recorded_at = excluded.recorded_at,
  redacted = excluded.redacted,
  valid_until = excluded.valid_until,
  body = excluded.body,
  body_type = excluded.body_type,
  body_sha256 = excluded.body_sha256,
  released_at = excluded.released_at
where known.sequence < excluded.sequence

-- name: note_sequences
-- Remember which sequence numbers were applied.
insert into released_sequence as known (partition, applied)
select partition, range_agg(int8range(sequence, sequence, '[]'))
from unnest(%(partition)b::int[], %(sequence)b::bigint[]) as incoming (partition, sequence)
group by partition
order by partition
on conflict (partition) do update set applied = known.applied + excluded.applied

-- name: put_markers
-- Let the batch's re-decision markers wait.
insert into waiting_marker (partition, sequence, nhs_number, through)
select partition, sequence, nhs_number, through
from unnest(%(partition)b::int[], %(sequence)b::bigint[], %(nhs_number)b::text[], %(through)b::bigint[])
  as incoming (partition, sequence, nhs_number, through)
order by partition, sequence
on conflict (partition, sequence) do nothing

-- name: settle_markers
-- Apply the markers below which nothing is missing any more. INVARIANT: see contiguous_prefix; gate rows are touched in
-- key order, as in the gate lane.
with due as (
  delete from waiting_marker as marker
  using released_sequence as seen
  where seen.partition = any (%(partitions)b::int[])
    and marker.partition = seen.partition
    and marker.sequence < contiguous_prefix(seen.applied)
  returning marker.nhs_number, marker.through
)
insert into audience_gate as gate (nhs_number, audience, decided_through)
select due.nhs_number, '*', max(due.through)
from due
group by due.nhs_number
order by due.nhs_number
on conflict (nhs_number, audience)
do update set decided_through = greatest(gate.decided_through, excluded.decided_through)

-- name: count_waiting_markers
-- How many markers wait, counted no further than an alert needs.
select count(*) from (select 1 from waiting_marker limit 10000) as waiting
