-- name: put_entries
-- Keep the newest message per (entry, audience): a release with its body, a retraction as an empty row.
insert into released_entry as known (
  nhs_number, audience, entry_id, sequence, partition, incarnation, decided_under, version, kind, event_date, recorded_at, redacted,
  valid_until, body, body_type, body_sha256, released_at
)
select
  nhs_number, audience, entry_id, sequence, partition, incarnation, decided_under, version, kind, event_date, recorded_at, redacted,
  valid_until, body, body_type, body_sha256, now()
from unnest(
  %(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(sequence)b::bigint[],
  %(partition)b::int[], %(incarnation)b::bigint[], %(decided_under)b::bigint[], %(version)b::bigint[], %(kind)b::text[], %(event_date)b::date[],
  %(recorded_at)b::timestamptz[], %(redacted)b::boolean[], %(valid_until)b::timestamptz[],
  %(body)b::bytea[], %(body_type)b::text[], %(body_sha256)b::bytea[]
) as incoming (
  nhs_number, audience, entry_id, sequence, partition, incarnation, decided_under, version, kind, event_date, recorded_at, redacted,
  valid_until, body, body_type, body_sha256
)
order by nhs_number, audience, entry_id
on conflict (nhs_number, audience, entry_id) do update set
  sequence = excluded.sequence,
  partition = excluded.partition,
  incarnation = excluded.incarnation,
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
where (known.incarnation, known.sequence) < (excluded.incarnation, excluded.sequence)

-- name: put_closings
-- Close patients who are decided again in pages, until a marker lifts it.
insert into follow_up as known (nhs_number, incarnation, closed_by)
select nhs_number, incarnation, max(sequence)
from unnest(%(nhs_number)b::text[], %(incarnation)b::bigint[], %(sequence)b::bigint[])
  as incoming (nhs_number, incarnation, sequence)
group by nhs_number, incarnation
order by nhs_number
on conflict (nhs_number) do update set
  closed_by = case
    when known.incarnation = excluded.incarnation then greatest(known.closed_by, excluded.closed_by)
    else excluded.closed_by
  end,
  lifted = case when known.incarnation = excluded.incarnation then known.lifted else -1 end,
  incarnation = excluded.incarnation
where known.incarnation <= excluded.incarnation

-- name: forget_markers
-- Markers of older incarnations mean nothing any more.
delete from waiting_marker as marker using message_partition as known
where known.partition = any(%(partitions)b::int[]) and marker.partition = known.partition
  and marker.incarnation < known.incarnation

-- name: put_markers
-- Let the batch's re-decision markers wait.
insert into waiting_marker (partition, incarnation, sequence, nhs_number, through, lifts)
select partition, incarnation, sequence, nhs_number, through, lifts
from unnest(%(partition)b::int[], %(incarnation)b::bigint[], %(sequence)b::bigint[], %(nhs_number)b::text[],
  %(through)b::bigint[], %(lifts)b::bigint[])
  as incoming (partition, incarnation, sequence, nhs_number, through, lifts)
order by partition, sequence
on conflict (partition, sequence) do nothing

-- name: settle_markers
-- Apply the markers below which nothing is missing any more. INVARIANT: see contiguous_prefix; gate rows are touched in
-- key order, as in the gate lane.
with due as (
  delete from waiting_marker as marker
  using message_partition as seen
  where seen.partition = any (%(partitions)b::int[])
    and marker.partition = seen.partition
    and marker.incarnation = seen.incarnation
    and marker.sequence < contiguous_prefix(seen.applied)
  returning marker.nhs_number, marker.incarnation, marker.through, marker.lifts
), lifted as (
  insert into follow_up as known (nhs_number, incarnation, lifted)
  select nhs_number, incarnation, max(lifts)
  from due
  where lifts >= 0
  group by nhs_number, incarnation
  order by nhs_number
  on conflict (nhs_number) do update set
    lifted = case
      when known.incarnation = excluded.incarnation then greatest(known.lifted, excluded.lifted)
      else excluded.lifted
    end,
    closed_by = case when known.incarnation = excluded.incarnation then known.closed_by else -1 end,
    incarnation = excluded.incarnation
  where known.incarnation <= excluded.incarnation
)
insert into audience_gate as gate (nhs_number, audience, decided_through, decided_in)
select due.nhs_number, '*', max(due.through), due.incarnation
from due
group by due.nhs_number, due.incarnation
order by due.nhs_number
on conflict (nhs_number, audience) do update set
  decided_through = case
    when gate.decided_in = excluded.decided_in then greatest(gate.decided_through, excluded.decided_through)
    else excluded.decided_through
  end,
  decided_in = excluded.decided_in
where gate.decided_in <= excluded.decided_in

-- name: sweep
-- Go through a page of rows and empty those of older incarnations, where the newer one is open; where the page ends.
with page as (
  select nhs_number, audience, entry_id
  from released_entry
  where (nhs_number, audience, entry_id) > (%(nhs_number)s, %(audience)s, %(entry_id)s)
  order by nhs_number, audience, entry_id
  limit %(limit)s
), emptied as (
  update released_entry as entry set version = null, kind = null, event_date = null, recorded_at = null,
    redacted = null, valid_until = null, body = null, body_type = null, body_sha256 = null
  from page, message_partition as known
  where entry.body is not null
    and (entry.nhs_number, entry.audience, entry.entry_id) = (page.nhs_number, page.audience, page.entry_id)
    and known.partition = entry.partition and known.open and entry.incarnation < known.incarnation
)
select nhs_number, audience, entry_id from page order by nhs_number desc, audience desc, entry_id desc limit 1

-- name: count_waiting_markers
-- How many markers wait, counted no further than an alert needs.
select count(*) from (select 1 from waiting_marker limit 10000) as waiting
