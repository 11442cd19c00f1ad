-- name: known_grants
-- The proxy audiences, of those asked for, that the gate has heard of.
select gate.nhs_number, gate.audience
from unnest(%(nhs_numbers)b::text[], %(audiences)b::text[]) as asked (nhs_number, audience)
join audience_gate as gate using (nhs_number, audience)

-- name: raise_audience_fences
-- Raise fences and make the rows that are missing. INVARIANT: the transaction's first touch of the gate, in key order,
-- as in the view sink's settle_markers: the two sinks cannot deadlock.
insert into audience_gate as gate (nhs_number, audience, fence)
select raised.nhs_number, raised.audience, raised.fence
from unnest(%(nhs_numbers)b::text[], %(audiences)b::text[], %(fences)b::bigint[])
  as raised (nhs_number, audience, fence)
order by raised.nhs_number, raised.audience
on conflict (nhs_number, audience) do update set fence = greatest(gate.fence, excluded.fence)

-- name: put_closures
-- Keep, per cause, the statement with the latest instant; of two at the same instant what closes, or ends, first.
insert into gate_closure as known
  (nhs_number, audience, cause, practice, effective_at, closed, expires_at)
select distinct on (nhs_number, audience, cause, practice)
  nhs_number, audience, cause, practice, effective_at, closed, coalesce(expires_at, 'infinity')
from unnest(
  %(nhs_numbers)b::text[], %(audiences)b::text[], %(causes)b::text[], %(practices)b::text[],
  %(effective_ats)b::timestamptz[], %(closed)b::boolean[], %(expires_ats)b::timestamptz[]
) as incoming (nhs_number, audience, cause, practice, effective_at, closed, expires_at)
order by nhs_number, audience, cause, practice, effective_at desc, closed desc, expires_at nulls last
on conflict (nhs_number, audience, cause, practice) do update set
  effective_at = excluded.effective_at,
  closed = excluded.closed or (known.closed and known.effective_at = excluded.effective_at),
  expires_at = case
    when known.effective_at < excluded.effective_at then excluded.expires_at
    else least(known.expires_at, excluded.expires_at)
  end
where known.effective_at <= excluded.effective_at

-- name: put_misrouted
-- Keep which patients a misrouted control closes, and what it says.
insert into misrouted (nhs_number, topic, partition, record_offset, digest)
select * from unnest(
  %(nhs_numbers)b::text[], %(topics)b::text[], %(partitions)b::int[], %(offsets)b::bigint[], %(digests)b::bytea[]
)
on conflict do nothing

-- name: put_replayed
-- Keep whose copies were read where they belong, and what they say, whether their originals were read before or not.
insert into replayed (nhs_number, topic, partition, record_offset, digest)
select * from unnest(
  %(nhs_numbers)b::text[], %(topics)b::text[], %(partitions)b::int[], %(offsets)b::bigint[], %(digests)b::bytea[]
)
on conflict do nothing

-- name: settle_closures
-- Sum up the causes in the gate. A patient is open only while registered somewhere, and while no misrouted control that
-- may be about the patient waits for its copy.
update audience_gate as gate
set closed = summary.closed, expires_at = summary.expires_at
from (
  select
    cause.nhs_number,
    cause.audience,
    coalesce(bool_or(cause.closed) filter (where cause.cause <> 'registration'), false)
      or (
        cause.audience = '*'
        and coalesce(bool_and(cause.closed) filter (where cause.cause = 'registration'), true)
      )
      or (
        cause.audience = '*'
        and exists (
          select from misrouted as closing
          where closing.nhs_number = cause.nhs_number
            and not exists (
              select from replayed as copy
              where copy.nhs_number = closing.nhs_number
                and copy.topic = closing.topic and copy.partition = closing.partition
                and copy.record_offset = closing.record_offset
                and copy.digest = coalesce(closing.digest, copy.digest)
            )
        )
      ) as closed,
    min(cause.expires_at) as expires_at
  from unnest(%(nhs_numbers)b::text[], %(audiences)b::text[]) as touched (nhs_number, audience)
  join gate_closure as cause using (nhs_number, audience)
  group by cause.nhs_number, cause.audience
) as summary
where gate.nhs_number = summary.nhs_number and gate.audience = summary.audience

-- name: raise_entry_fences
-- Fence single entries, arrived or not.
insert into entry_gate as gate (nhs_number, entry_id, fence)
select raised.nhs_number, raised.entry_id, raised.fence
from unnest(%(nhs_numbers)b::text[], %(entry_ids)b::text[], %(fences)b::bigint[])
  as raised (nhs_number, entry_id, fence)
order by raised.nhs_number, raised.entry_id
on conflict (nhs_number, entry_id) do update set fence = greatest(gate.fence, excluded.fence)
