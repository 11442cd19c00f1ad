-- name: claim
-- Lease an item that nobody has, or that this reviewer has already; the number it had before is worth nothing now.
update work_item set
  lease_holder = %(reviewer)s, lease_number = lease_number + 1, lease_until = %(until)s, updated_at = %(now)s
where id = %(id)s and state = any(%(states)s)
  and (lease_until is null or lease_until <= %(now)s or lease_holder = %(reviewer)s)
returning id, lease_number, lease_until

-- name: claim_next
-- Lease the first item that this reviewer may take: free, not passed on and not opined upon before by the same person.
with next as (
  select id from work_item
  where practice = %(practice)s and what = %(what)s and state in ('open', 'second_opinion', 'disagreement')
    and queue = any(%(queues)s)
    and (lease_until is null or lease_until <= %(now)s)
    and (assigned_to is null or assigned_to = %(reviewer)s)
    and not %(reviewer)s = any(passed_by) and not %(reviewer)s = any(opinion_by)
  order by due_at, harm, opened_at, id
  limit 1
  for update skip locked
)
update work_item set
  lease_holder = %(reviewer)s, lease_number = lease_number + 1, lease_until = %(until)s, updated_at = %(now)s
from next
where work_item.id = next.id
returning work_item.id, lease_number, lease_until

-- name: heartbeat
-- Go on with a lease that has not ended.
update work_item set lease_until = %(until)s
where id = %(id)s and lease_number = %(number)s and lease_holder = %(reviewer)s and lease_until > %(now)s
returning id, lease_number, lease_until

-- name: free
-- Give a lease back.
update work_item set lease_holder = null, lease_until = null, updated_at = %(now)s
where id = %(id)s and lease_number = %(number)s and lease_holder = %(reviewer)s

-- name: leases_of
-- Every lease of a reviewer.
select id, lease_number, lease_until from work_item
where practice = %(practice)s and lease_holder = %(reviewer)s

-- name: lock
-- Lock an item and return what is not shown of it. What is read of it afterwards, in a statement of its own, stays so.
select lease_holder, lease_number, lease_until, opinion
from work_item where id = %(id)s for update

-- name: move
-- Move a locked item. Its lease has served.
update work_item set
  state = %(state)s, queue = coalesce(%(sent_to)s, queue), sent_to = coalesce(%(sent_to)s, sent_to),
  assigned_to = %(assigned_to)s, passed_by = %(passed_by)s, wait_until = %(wait_until)s, opinion = %(opinion)s,
  opinion_by = %(opinion_by)s, decided_by = %(decided_by)s, lease_holder = null, lease_until = null,
  updated_at = %(now)s
where id = %(id)s

-- name: record
-- Remember who did or saw what, with the state that the item is in afterwards.
insert into review_event (
  item_id, practice, state, incarnation, sequence, lease_number, at, reviewer, role, action, because, sent_to, until
)
select id, practice, state, incarnation, sequence, lease_number,
  %(now)s, %(reviewer)s, %(role)s, %(action)s, %(because)s, %(sent_to)s, %(until)s
from work_item where id = %(id)s

-- name: has_read_one
-- Whether a reviewer has opened one of these items, as it is now.
select exists (
  select from review_event as e join work_item as i on i.id = e.item_id
  where i.id = any(%(ids)s) and e.reviewer = %(reviewer)s and e.action = 'read'
    and (e.incarnation, e.sequence) = (i.incarnation, i.sequence)
)

-- name: put_outcome
-- Put a review outcome into the outbox.
insert into outbox (control_id, control, created_at, item_id, practice, incarnation, sequence, opens, send_after)
values (
  %(control_id)s, %(control)s, %(now)s, %(id)s, %(practice)s, %(incarnation)s, %(sequence)s, %(opens)s, %(send_after)s
)

-- name: cancel_outcome
-- Keep an outcome back that nobody has taken to be sent.
update outbox set cancelled_at = %(now)s
where item_id = %(id)s and incarnation = %(incarnation)s and sequence = %(sequence)s
  and sent_at is null and taken_at is null and cancelled_at is null
