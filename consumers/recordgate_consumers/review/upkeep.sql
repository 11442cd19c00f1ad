-- name: wake
-- Put what has waited long enough back into its queue; a page of it.
with woken as (
  update work_item set state = 'open', wait_until = null, updated_at = %(now)s
  where id in (
    select id from work_item where state = 'waiting' and wait_until <= %(now)s
    order by wait_until limit %(limit)s for update skip locked
  )
  returning id, practice, state, incarnation, sequence, lease_number
)
insert into review_event (item_id, practice, state, incarnation, sequence, lease_number, at, reviewer, role, action)
select *, %(now)s, 'time', 'time', 'wake' from woken

-- name: reopen_unanswered
-- Put holds back into their queues whose outcome was sent long ago and has changed nothing; a page of them.
with late as (
  select i.id, o.id as outcome from work_item as i
  join outbox as o on (o.item_id, o.incarnation, o.sequence) = (i.id, i.incarnation, i.sequence)
  where i.state = 'decided' and i.what = 'hold' and i.updated_at <= %(sent_before)s
    and o.sent_at <= %(sent_before)s and o.unanswered_at is null
  order by i.updated_at limit %(limit)s for update of i skip locked
), marked as (
  update outbox set unanswered_at = %(now)s from late where outbox.id = late.outcome
), reopened as (
  update work_item set
    state = 'open', opinion = null, opinion_by = '{}', decided_by = null, updated_at = %(now)s
  from late where work_item.id = late.id
  returning work_item.id, practice, state, incarnation, sequence, lease_number
)
insert into review_event (item_id, practice, state, incarnation, sequence, lease_number, at, reviewer, role, action)
select *, %(now)s, 'time', 'time', 'unanswered' from reopened

-- name: escalate
-- Move what has used more of its time up to the step it has reached, and return where and which; a page of it.
update work_item set escalated = case when due_at <= %(now)s then 100 when most_at <= %(now)s then 80 else 50 end
where id in (
  select id from work_item where state not in ('decided', 'closed') and next_escalation_at <= %(now)s
  order by next_escalation_at limit %(limit)s for update skip locked
)
returning queue, escalated

-- name: count_work
-- What is not decided, by what it is, queue, day of opening and whether it is overdue.
select what, queue, opened_at > %(new_since)s, opened_at <= %(old_since)s, due_at <= %(now)s, count(*)
from work_item
where state not in ('decided', 'closed')
group by 1, 2, 3, 4, 5
