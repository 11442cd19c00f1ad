-- name: take_due
-- Take outcomes whose time to be undone is over. From here on they may have been sent, whatever happens next.
update outbox set taken_at = %(now)s
where id in (
  select id from outbox
  where sent_at is null and cancelled_at is null and taken_at is null and send_after <= %(now)s
  order by id limit %(limit)s for update skip locked
)

-- name: unsent_outcomes
-- Outcomes that were taken and are not known to have been sent; another relay's are left to it.
select id, control
from outbox
where sent_at is null and cancelled_at is null and taken_at is not null
order by id
limit %(limit)s
for update skip locked

-- name: mark_sent
-- The broker has these outcomes.
update outbox
set sent_at = %(now)s
where id = any (%(ids)s)
