-- name: read_clock
-- The ledger's time, when the newest decision was made by its own account, and until when dates are accepted.
select clock_timestamp(), (select max(decided_at) from last_decision),
  (select until from clock_accepted)

-- name: accept
-- Notes that dates up to an instant in the future are known to be wrong. It only moves forward.
insert into clock_accepted (until) values (%(until)s)
on conflict (only_one) do update set until = greatest(clock_accepted.until, excluded.until)

-- name: decide_again
-- Makes the patients due about whom a decision is dated later than now, in the order in which everybody locks them.
update patient set due_at = clock_timestamp() where nhs_number in (
  select nhs_number from patient
  where nhs_number in (select nhs_number from decision where decided_at > clock_timestamp())
  order by nhs_number for update
)
