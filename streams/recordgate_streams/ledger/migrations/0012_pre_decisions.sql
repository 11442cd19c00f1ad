-- Decisions as people and dashboards read them: those in force, and all there ever were.

-- The hash of the ruleset in force and of every one before it, by generation.
create view ruleset_generation as
select generation, hash from active_ruleset
union all
select generation, to_hash from activation where generation < (select generation from active_ruleset)
union all
select 0, from_hash from activation where generation = 1 and (select generation from active_ruleset) > 0;

create view current_decision as
select d.nhs_number, d.entry_id, d.audience, d.version, d.outcome, d.headline, d.reasons, d.digest,
  d.decided_under, d.decided_at, d.decided_in, d.generation, g.hash as ruleset, d.released_under
from (
  select nhs_number, entry_id, 'self' as audience, version, outcome, headline, reasons, digest, decided_under,
    decided_at, decided_in, generation, released_under
  from entry
  union all
  select nhs_number, entry_id, audience, version, outcome, headline, reasons, digest, decided_under,
    decided_at, decided_in, generation, released_under
  from proxy_decision
) d
left join ruleset_generation g on g.generation = d.generation;

-- `decision_id` grows with time for one entry and audience; the decision in force has the greatest there is.
create view decision as
select d.decision_id, d.nhs_number, d.entry_id, d.audience, d.version, d.outcome, d.headline,
  coalesce(d.reasons, '[]') as reasons, d.decided_under, d.decided_at, g.hash as ruleset
from (
  select decision_id, nhs_number, entry_id, audience, version, outcome, headline, reasons, decided_under, decided_at,
    decided_in
  from former_decision
  union all
  select 9223372036854775807, nhs_number, entry_id, 'self', version, outcome, headline, reasons, decided_under, decided_at,
    decided_in
  from entry
  union all
  select 9223372036854775807, nhs_number, entry_id, audience, version, outcome, headline, reasons, decided_under,
    decided_at, decided_in
  from proxy_decision
) d
left join ruleset_generation g on g.generation = d.decided_in;

grant select on ruleset_generation, current_decision, decision to decider, ledger_reader;
