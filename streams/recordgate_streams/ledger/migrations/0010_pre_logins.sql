-- One login for each role: nobody is a member of a role any more, and who counts is a role that reads counters only.

do $$
begin
  if not exists (select from pg_roles where rolname = 'metrics') then
    create role metrics nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
end $$;

revoke decider, ledger_reader, rule_keeper, quarantine_keeper from current_user;
revoke all on migration from decider, ledger_reader;

-- Patients to whom the ruleset in force is still to be applied; when that is done, nothing has to be counted.
create view rule_patients_waiting as
select coalesce(sum(later.n), 0)::bigint as patients
from rule_application a
cross join lateral (
  select count(*) as n from patient p where p.partition = a.partition and p.nhs_number > a.after
) later
where a.finished_at is null and a.generation = (select generation from active_ruleset);

grant usage on schema public to metrics;
grant select on account, outcome_count, source_position, outgoing_sequence, partition_count, rule_patients_waiting to metrics;
grant select (partition) on redecision to metrics;
grant select (topic, partition, record_offset, error, quarantined_at) on quarantine to metrics;
grant select on rule_patients_waiting to ledger_reader, rule_keeper, decider;

-- Who may connect at all.
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format(
    'grant connect on database %I to decider, ledger_reader, rule_keeper, quarantine_keeper, metrics', current_database()
  );
end $$;
