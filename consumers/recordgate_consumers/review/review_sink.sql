-- name: put_holds
-- Keep the newest message per (entry, audience): an open hold with its content, or a closed one without. Return the keys
-- of those that are news.
insert into hold as known (
  nhs_number, audience, entry_id, sequence, partition, incarnation, state, queue, version, practice, kind, event_date, reasons,
  hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, updated_at, closed_because
)
select
  nhs_number, audience, entry_id, sequence, partition, incarnation, state, queue, version, practice, kind, event_date,
  array(select jsonb_array_elements_text(incoming.reasons::jsonb)),
  hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, updated_at, closed_because
from unnest(
  %(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(sequence)b::bigint[],
  %(partition)b::int[], %(incarnation)b::bigint[], %(state)b::text[],
  %(queue)b::text[], %(version)b::bigint[], %(practice)b::text[], %(kind)b::text[], %(event_date)b::date[],
  %(reasons)b::text[], %(hide_first)b::boolean[], %(bulk_release)b::boolean[], %(decided_under)b::bigint[],
  %(ruleset)b::text[], %(body)b::bytea[], %(body_type)b::text[], %(body_sha256)b::bytea[],
  %(updated_at)b::timestamptz[], %(closed_because)b::text[]
) as incoming (
  nhs_number, audience, entry_id, sequence, partition, incarnation, state, queue, version, practice, kind, event_date, reasons,
  hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, updated_at, closed_because
)
order by nhs_number, audience, entry_id
on conflict (nhs_number, audience, entry_id) do update set
  sequence = excluded.sequence,
  partition = excluded.partition,
  incarnation = excluded.incarnation,
  state = excluded.state,
  queue = excluded.queue,
  version = excluded.version,
  practice = excluded.practice,
  kind = excluded.kind,
  event_date = excluded.event_date,
  reasons = excluded.reasons,
  hide_first = excluded.hide_first,
  bulk_release = excluded.bulk_release,
  decided_under = excluded.decided_under,
  ruleset = excluded.ruleset,
  body = excluded.body,
  body_type = excluded.body_type,
  body_sha256 = excluded.body_sha256,
  updated_at = excluded.updated_at,
  closed_because = excluded.closed_because
where (known.incarnation, known.sequence) < (excluded.incarnation, excluded.sequence)
returning nhs_number, audience, entry_id, ''

-- name: put_tasks
-- Keep the newest message per (reason, audience, entry): an open task, or the key of a closed one. Return the keys of
-- those that are news.
insert into task as known
  (nhs_number, reason, audience, entry_id, sequence, partition, incarnation, practice, kind, closed_at)
select nhs_number, reason, audience, entry_id, sequence, partition, incarnation, practice, kind, closed_at
from unnest(
  %(nhs_number)b::text[], %(reason)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(sequence)b::bigint[],
  %(partition)b::int[], %(incarnation)b::bigint[], %(practice)b::text[], %(kind)b::text[], %(closed_at)b::timestamptz[]
) as incoming
  (nhs_number, reason, audience, entry_id, sequence, partition, incarnation, practice, kind, closed_at)
order by nhs_number, reason, audience, entry_id
on conflict (nhs_number, reason, audience, entry_id) do update set
  sequence = excluded.sequence,
  partition = excluded.partition,
  incarnation = excluded.incarnation,
  practice = excluded.practice,
  kind = excluded.kind,
  closed_at = excluded.closed_at
where (known.incarnation, known.sequence) < (excluded.incarnation, excluded.sequence)
returning nhs_number, audience, entry_id, reason

-- name: opened_before
-- Since when these are open, of those that are.
select nhs_number, audience, entry_id, reason, opened_at
from work_item
where state <> 'closed' and (nhs_number, audience, entry_id, reason) in (
  select * from unnest(%(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(reason)b::text[])
)

-- name: open_work
-- Put work into a queue, or back into it when the decider has published something new about it. Whatever was opined or
-- decided about the content before counts no more; a lease, an assignment and a clinician who was asked stay.
insert into work_item as known (
  nhs_number, audience, entry_id, reason, practice, queue, harm, incarnation, sequence,
  opened_at, half_at, most_at, due_at, updated_at, state
)
select *, 'open'
from unnest(
  %(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(reason)b::text[], %(practice)b::text[],
  %(queue)b::text[], %(harm)b::smallint[], %(incarnation)b::bigint[], %(sequence)b::bigint[],
  %(opened_at)b::timestamptz[], %(half_at)b::timestamptz[], %(most_at)b::timestamptz[], %(due_at)b::timestamptz[],
  %(updated_at)b::timestamptz[]
)
order by 1, 2, 3, 4
on conflict (nhs_number, audience, entry_id, reason) do update set
  practice = excluded.practice,
  queue = case
    when known.sent_to is not null and excluded.queue in ('practice', 'clinician') then known.sent_to
    else excluded.queue
  end,
  harm = excluded.harm,
  incarnation = excluded.incarnation,
  sequence = excluded.sequence,
  opened_at = excluded.opened_at,
  half_at = excluded.half_at,
  most_at = excluded.most_at,
  due_at = excluded.due_at,
  escalated = case when known.due_at = excluded.due_at then known.escalated else 0 end,
  state = 'open',
  closed_because = null,
  wait_until = null,
  lease_holder = case when known.practice = excluded.practice then known.lease_holder end,
  lease_until = case when known.practice = excluded.practice then known.lease_until end,
  assigned_to = case when known.practice = excluded.practice then known.assigned_to end,
  opinion = null,
  opinion_by = '{}',
  decided_by = null,
  updated_at = excluded.updated_at

-- name: close_work
-- Take work out of its queue, whatever its state, and say why; nobody keeps a lease of it.
update work_item set
  state = 'closed', closed_because = closed.because, incarnation = closed.incarnation, sequence = closed.sequence,
  sent_to = null, assigned_to = null, passed_by = '{}', wait_until = null, lease_holder = null, lease_until = null,
  opinion = null, opinion_by = '{}', decided_by = null, updated_at = closed.updated_at
from unnest(
  %(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(reason)b::text[],
  %(incarnation)b::bigint[], %(sequence)b::bigint[], %(because)b::text[], %(updated_at)b::timestamptz[]
) as closed (nhs_number, audience, entry_id, reason, incarnation, sequence, because, updated_at)
where (work_item.nhs_number, work_item.audience, work_item.entry_id, work_item.reason)
  = (closed.nhs_number, closed.audience, closed.entry_id, closed.reason)

-- name: cancel_releases
-- Keep back releases that nobody has taken to be sent, once something newer is known than what their reviewers saw.
-- A withholding goes all the same: it can only close. A statement of its own, so that it sees what was decided while
-- the one before it waited for a reviewer's lock.
with cancelled as (
  update outbox set cancelled_at = %(now)s
  from work_item
  where work_item.id = outbox.item_id
    and (nhs_number, audience, entry_id, reason) in (
      select * from unnest(%(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(reason)b::text[])
    )
    and opens and sent_at is null and taken_at is null and cancelled_at is null
  returning item_id, work_item.practice, state, work_item.incarnation, work_item.sequence, lease_number
)
insert into review_event (item_id, practice, state, incarnation, sequence, lease_number, at, reviewer, role, action)
select *, %(now)s, 'decider', 'decider', 'cancel' from cancelled

-- name: close_forgotten_holds
-- Close holds of older incarnations that were not published again, where the newer one is open; a page of them.
update hold set state = 'closed', closed_because = 'RESTORED', updated_at = %(now)s, queue = null, version = null,
  practice = null, kind = null, event_date = null, reasons = '{}', hide_first = null, bulk_release = null,
  decided_under = null, ruleset = null, body = null, body_type = null, body_sha256 = null
where ctid = any(array(
  select old.ctid from hold as old join message_partition as known using (partition)
  where known.open and not known.swept and old.state <> 'closed' and old.incarnation < known.incarnation limit %(limit)s
))
returning nhs_number, audience, entry_id, '', incarnation, sequence

-- name: close_forgotten_tasks
-- The same for tasks.
update task set closed_at = %(now)s, practice = null, kind = null
where ctid = any(array(
  select old.ctid from task as old join message_partition as known using (partition)
  where known.open and not known.swept and old.closed_at is null and old.incarnation < known.incarnation limit %(limit)s
))
returning nhs_number, audience, entry_id, reason, incarnation, sequence
