-- How a ruleset comes into force: rehearsed, approved, activated. No role but rule_keeper may do it.

do $$
begin
  if not exists (select from pg_roles where rolname = 'rule_keeper') then
    create role rule_keeper nologin;
  end if;
end $$;
grant rule_keeper to current_user;
grant usage on schema public to rule_keeper;

-- What a ruleset would have changed, had it been in force. The id is a hash over everything else in the row, so that an
-- approval of the id is an approval of the ruleset and of every count.
create table rehearsal (
  rehearsal_id text primary key,
  document jsonb not null,
  report jsonb not null,
  at timestamptz not null
);

-- Signed approvals; a newer one of the same person replaces the older. The counts are those accepted beyond the limits.
create table approval (
  approval_id bigint generated always as identity primary key,
  rehearsal_id text not null references rehearsal,
  ruleset text not null,
  engine text not null,
  appear bigint not null,
  disappear bigint not null,
  approver text not null,
  signature text not null,
  at timestamptz not null
);
create index approval_rehearsal on approval (rehearsal_id, approver, approval_id);

-- Every change of the ruleset in force: who approved it, and the document that it replaced.
create table activation (
  generation bigint primary key,
  rehearsal_id text not null references rehearsal,
  from_hash text not null,
  to_hash text not null,
  former jsonb not null,
  approvers jsonb not null,
  at timestamptz not null
);

revoke insert, delete on rule_application from decider;
grant select on rehearsal, approval, activation, active_ruleset, rule_application, source_position to rule_keeper;
grant insert on rehearsal, approval, activation, rule_application to rule_keeper;
grant update on active_ruleset to rule_keeper;
grant select on rehearsal, approval, activation to ledger_reader;
