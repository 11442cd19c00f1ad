-- name: put_approval
-- Keeps an approval.
insert into signed_approval (rehearsal_id, approver, jws, at) values (%(rehearsal_id)s, %(approver)s, %(jws)s, %(at)s)

-- name: read_approvals
-- The newest approval that each approver gave to a rehearsal.
select distinct on (approver) jws
from signed_approval where rehearsal_id = %(rehearsal_id)s order by approver, approval_id desc

-- name: lock_rules
-- Waits for every lane transaction that reads the ruleset in force, and makes later ones wait: unlike a row's lock, a
-- table's is given in turn, so busy lanes cannot keep an activation waiting.
lock table active_ruleset in exclusive mode

-- name: replace_ruleset
-- Puts another ruleset in force.
update active_ruleset set generation = %(generation)s, hash = %(to_hash)s, document = %(document)s, activated_at = %(at)s

-- name: put_activation
-- Remembers what came into force, what it replaced, the signatures it rests on and the approvers of that time.
insert into activation (generation, rehearsal_id, from_hash, to_hash, former, approvers, approvals, approver_change, at)
values (%(generation)s, %(rehearsal_id)s, %(from_hash)s, %(to_hash)s, %(former)s, %(approvers)s, %(approvals)s,
  %(approver_change)s, %(at)s)

-- name: begin_application
-- Every partition's patients are to be decided again.
insert into rule_application (generation, partition)
select %(generation)s, partition from source_position where topic = 'controls'

-- name: last_activation
-- The document that the last activation replaced, and who approved that.
select former, array(select a->>'approver' from jsonb_array_elements(approvers) a) as approvers
from activation order by generation desc limit 1

-- name: progress
-- How far the ruleset in force has been applied, by partition. Who was asked for and is not decided yet is not done.
select a.partition, a.finished_at is not null and asked.n = 0 as finished,
  total.n - later.n - asked.n as done, total.n as patients
from rule_application a
cross join lateral (select count(*) as n from patient p where p.partition = a.partition) total
cross join lateral (
  select count(*) as n from patient p
  where a.finished_at is null and p.partition = a.partition and p.nhs_number > a.after
) later
cross join lateral (
  select count(*) as n from redecision r
  where r.partition = a.partition and (a.finished_at is not null or r.nhs_number <= a.after)
) asked
where a.generation = (select generation from active_ruleset) order by a.partition

-- name: patients_waiting
-- Patients to whom the ruleset in force is still to be applied; when that is done, nothing has to be counted.
select patients from rule_patients_waiting

-- name: generations
-- The activations there have been, in order.
select generation from activation order by generation

-- name: activation
-- One activation with the rehearsal it rests on.
select a.generation, a.rehearsal_id, a.from_hash, a.to_hash, a.former, a.approvals, a.approver_change, r.document, r.report
from activation a join rehearsal r using (rehearsal_id) where a.generation = %(generation)s
