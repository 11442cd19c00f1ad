-- name: open_holds
-- Open holds, of one practice or of all, the one due first on top.
select nhs_number, audience, entry_id, sequence, state, queue, version, practice, kind, event_date, reasons,
  hide_first, bulk_release, decided_under, ruleset, body_sha256, opened_at, due_at
from hold
where state = 'open' and (%(practice)s::text is null or practice = %(practice)s)
order by due_at, practice, entry_id, audience
limit %(limit)s

-- name: count_open_holds
-- How many holds are open, of one practice or of all.
select count(*) from hold where state = 'open' and (%(practice)s::text is null or practice = %(practice)s)

-- name: holds_of_entry
-- The hold or holds of an entry for an audience, whatever their state, and but for the content.
select nhs_number, audience, entry_id, sequence, state, queue, version, practice, kind, event_date, reasons,
  hide_first, bulk_release, decided_under, ruleset, body_sha256, opened_at, due_at
from hold
where entry_id = %(entry_id)s and audience = %(audience)s and state <> 'closed'
order by state desc

-- name: open_tasks
-- Open tasks, of one practice or of all, what is urgent on top, then the oldest.
select nhs_number, reason, audience, nullif(entry_id, '') as entry_id, practice, kind, opened_at
from task
where closed_at is null and (%(practice)s::text is null or practice = %(practice)s)
order by kind not in ('incident', 'urgent'), opened_at, practice, reason, audience, task.entry_id, nhs_number
limit %(limit)s

-- name: count_open_tasks
-- How many tasks are open, of one practice or of all.
select count(*) from task where closed_at is null and (%(practice)s::text is null or practice = %(practice)s)

-- name: mark_decided
-- Take an open hold out of the queue, if it is still the one the reviewer saw.
update hold
set state = 'decided', updated_at = %(now)s
where nhs_number = %(nhs_number)s and audience = %(audience)s and entry_id = %(entry_id)s
  and state = 'open' and sequence = %(sequence)s

-- name: put_outcome
-- Put a review outcome into the outbox.
insert into outbox (control_id, control, created_at)
values (%(control_id)s, %(control)s, %(now)s)

-- name: unsent_outcomes
-- Outcomes not known to have been sent; another relay's are left to it.
select id, control
from outbox
where sent_at is null
order by id
limit %(limit)s
for update skip locked

-- name: mark_sent
-- The broker has these outcomes.
update outbox
set sent_at = %(now)s
where id = any (%(ids)s)
