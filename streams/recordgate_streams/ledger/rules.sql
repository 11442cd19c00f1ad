-- name: active_ruleset
-- The ruleset in force, held until this transaction ends.
select generation, hash,
  generation = 0 or exists (
    select from activation a where a.generation = active_ruleset.generation and a.to_hash = active_ruleset.hash
  ) as activated
from active_ruleset for share of active_ruleset

-- name: in_force
-- The ruleset in force and its document, as a reader sees it.
select generation, hash, document, activated_at from active_ruleset

-- name: adopt_ruleset
-- The first ruleset of an empty ledger.
insert into active_ruleset (generation, hash, document, activated_at)
values (0, %(hash)s, %(document)s, %(at)s) on conflict do nothing

-- name: claim_application
-- The partitions among those named to which the ruleset in force still has to be applied, those behind first, and how
-- many there are in the whole ledger. What is left of a former ruleset's application is left for good.
select generation, partition, after,
  (select count(*) from rule_application o where o.generation = %(generation)s and o.finished_at is null)
    as everywhere
from rule_application
where generation = %(generation)s and partition = any(%(partitions)s) and finished_at is null
order by patients, partition
for update skip locked

-- name: next_patients
-- The next patients of a partition to apply a ruleset to.
select nhs_number, control_position from patient
where partition = %(partition)s and nhs_number > %(after)s order by nhs_number limit %(limit)s

-- name: advance_application
-- Remembers how far a partition has come.
update rule_application set after = %(after)s, patients = patients + %(n)s,
  finished_at = case when %(finished)s then %(at)s::timestamptz end
where generation = %(generation)s and partition = %(partition)s
