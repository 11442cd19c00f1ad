-- name: put_holds
-- Keep the newest message per (entry, audience): an open hold with its content, or a closed one without. A hold that
-- was not closed keeps the day it was opened, and is due as long after it as its queue says: new content buys no time.
insert into hold as known (
  nhs_number, audience, entry_id, sequence, partition, incarnation, state, queue, version, practice, kind, event_date, reasons,
  hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, opened_at, due_at, updated_at, closed_because
)
select
  nhs_number, audience, entry_id, sequence, partition, incarnation, state, queue, version, practice, kind, event_date,
  array(select jsonb_array_elements_text(incoming.reasons::jsonb)),
  hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, opened_at, due_at, updated_at, closed_because
from unnest(
  %(nhs_number)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(sequence)b::bigint[],
  %(partition)b::int[], %(incarnation)b::bigint[], %(state)b::text[],
  %(queue)b::text[], %(version)b::bigint[], %(practice)b::text[], %(kind)b::text[], %(event_date)b::date[],
  %(reasons)b::text[], %(hide_first)b::boolean[], %(bulk_release)b::boolean[], %(decided_under)b::bigint[],
  %(ruleset)b::text[], %(body)b::bytea[], %(body_type)b::text[], %(body_sha256)b::bytea[], %(opened_at)b::timestamptz[], %(due_at)b::timestamptz[],
  %(updated_at)b::timestamptz[], %(closed_because)b::text[]
) as incoming (
  nhs_number, audience, entry_id, sequence, partition, incarnation, state, queue, version, practice, kind, event_date, reasons,
  hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, opened_at, due_at, updated_at, closed_because
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
  opened_at = case when known.state = 'closed' then excluded.opened_at else known.opened_at end,
  due_at = case
    when known.state = 'closed' then excluded.due_at
    else known.opened_at + (excluded.due_at - excluded.opened_at)
  end,
  updated_at = excluded.updated_at,
  closed_because = excluded.closed_because
where (known.incarnation, known.sequence) < (excluded.incarnation, excluded.sequence)

-- name: put_tasks
-- Keep the newest message per (reason, audience, entry): an open task, or the key of a closed one. A task that was not
-- closed keeps the day it was opened.
insert into task as known
  (nhs_number, reason, audience, entry_id, sequence, partition, incarnation, practice, kind, opened_at, closed_at)
select nhs_number, reason, audience, entry_id, sequence, partition, incarnation, practice, kind, opened_at, closed_at
from unnest(
  %(nhs_number)b::text[], %(reason)b::text[], %(audience)b::text[], %(entry_id)b::text[], %(sequence)b::bigint[],
  %(partition)b::int[], %(incarnation)b::bigint[], %(practice)b::text[], %(kind)b::text[], %(opened_at)b::timestamptz[], %(closed_at)b::timestamptz[]
) as incoming
  (nhs_number, reason, audience, entry_id, sequence, partition, incarnation, practice, kind, opened_at, closed_at)
order by nhs_number, reason, audience, entry_id
on conflict (nhs_number, reason, audience, entry_id) do update set
  sequence = excluded.sequence,
  partition = excluded.partition,
  incarnation = excluded.incarnation,
  practice = excluded.practice,
  kind = excluded.kind,
  opened_at = case
    when known.closed_at is null and excluded.closed_at is null then known.opened_at
    else excluded.opened_at
  end,
  closed_at = excluded.closed_at
where (known.incarnation, known.sequence) < (excluded.incarnation, excluded.sequence)

-- name: count_open
-- Open holds, and how many of them are past their due date.
select count(*), count(*) filter (where due_at < %(now)s)
from hold
where state = 'open'

-- name: close_forgotten_holds
-- Close holds of older incarnations that were not published again, where the newer one is open; a page of them.
update hold set state = 'closed', closed_because = 'RESTORED', updated_at = %(now)s, queue = null, version = null,
  practice = null, kind = null, event_date = null, reasons = '{}', hide_first = null, bulk_release = null,
  decided_under = null, ruleset = null, body = null, body_type = null, body_sha256 = null, opened_at = null, due_at = null
where ctid = any(array(
  select old.ctid from hold as old join message_partition as known using (partition)
  where known.open and not known.swept and old.state <> 'closed' and old.incarnation < known.incarnation limit %(limit)s
))

-- name: close_forgotten_tasks
-- The same for tasks.
update task set closed_at = %(now)s, practice = null, kind = null, opened_at = null
where ctid = any(array(
  select old.ctid from task as old join message_partition as known using (partition)
  where known.open and not known.swept and old.closed_at is null and old.incarnation < known.incarnation limit %(limit)s
))
