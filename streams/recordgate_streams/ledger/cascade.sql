-- name: load_relatives
-- All entries of the patients, without bodies: how they are related is read from these.
select envelope, conflict from entry where nhs_number = any(%(nhs_numbers)s)

-- name: load_unfinished
-- Entries of the patients whose readiness may say something about others; an index holds these only.
select nhs_number, entry_id from entry where nhs_number = any(%(nhs_numbers)s) and may_defer

-- name: load_suppressed
-- Concealed entries of the patients.
select nhs_number, audience, entry_id, reason, outcome, related from root where nhs_number = any(%(nhs_numbers)s)

-- name: load_affected
-- What roots reached among the patients' entries.
select nhs_number, audience, entry_id, objections from reached where nhs_number = any(%(nhs_numbers)s)

-- name: forget_suppressed
-- Roots are written anew for a patient whenever any of them changes.
delete from root where nhs_number = any(%(nhs_numbers)s)

-- name: forget_affected
-- So is what they reach.
delete from reached where nhs_number = any(%(nhs_numbers)s)

-- name: put_suppressed
-- Stores concealed entries.
insert into root (nhs_number, audience, entry_id, reason, outcome, related)
select n.nhs_number, n.audience, n.entry_id, n.reason, n.outcome, array(select jsonb_array_elements_text(n.related))
from unnest(%(nhs_numbers)b::bigint[], %(audiences)b::text[], %(entry_ids)b::text[], %(reasons)b::text[],
  %(outcomes)b::text[], %(related)b::jsonb[]) as n (nhs_number, audience, entry_id, reason, outcome, related)

-- name: put_affected
-- Stores what roots reach.
insert into reached (nhs_number, audience, entry_id, objections)
select n.nhs_number, n.audience, n.entry_id, array(select jsonb_array_elements_text(n.objections))
from unnest(%(nhs_numbers)b::bigint[], %(audiences)b::text[], %(entry_ids)b::text[], %(objections)b::jsonb[])
  as n (nhs_number, audience, entry_id, objections)

-- name: forget_references
-- The references of entries whose new version comes.
delete from pointer p using unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
where p.nhs_number = n.nhs_number and p.entry_id = n.entry_id

-- name: put_references
-- Stores the references of accepted versions.
insert into pointer (nhs_number, target, entry_id)
select * from unnest(%(nhs_numbers)b::bigint[], %(targets)b::text[], %(entry_ids)b::text[])
on conflict do nothing

-- name: referring_to
-- Entries that refer to any of those named. `offset 0` keeps each look-up on the index.
select distinct n.nhs_number, p.entry_id
from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, target)
cross join lateral (
  select entry_id from pointer where pointer.nhs_number = n.nhs_number and pointer.target = n.target offset 0
) p

-- name: load_released
-- Which of the entries named are shown, and to whom.
with named as (
  select * from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[]) as n (nhs_number, entry_id)
)
select d.nhs_number, d.entry_id, 'self'
from named n join entry d on d.nhs_number = n.nhs_number and d.entry_id = n.entry_id
where d.outcome in ('RELEASED', 'RELEASED_REDACTED')
union all
select d.nhs_number, d.entry_id, d.audience
from named n join proxy_decision d on d.nhs_number = n.nhs_number and d.entry_id = n.entry_id
where d.outcome in ('RELEASED', 'RELEASED_REDACTED')

-- name: undecided
-- Entries of patients that were never decided for a proxy: after a new grant, all of them; so many of each at most.
select n.nhs_number, e.entry_id
from unnest(%(nhs_numbers)b::bigint[], %(audiences)b::text[]) as n (nhs_number, audience)
cross join lateral (
  select entry_id from entry
  where entry.nhs_number = n.nhs_number and not exists (
    select from proxy_decision d
    where d.nhs_number = entry.nhs_number and d.entry_id = entry.entry_id and d.audience = n.audience
  )
  limit %(most)s
) e
