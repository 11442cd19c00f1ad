-- The ledger: what is known, what was decided and why, and what still has to be told to the world.

do $$
begin
  if not exists (select from pg_roles where rolname = 'decider') then
    create role decider nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'ledger_reader') then
    create role ledger_reader nologin;
  end if;
end $$;
grant decider, ledger_reader to current_user;
revoke all on schema public from public;
grant usage on schema public to decider, ledger_reader;

-- How far each lane has read its topic.
create table source_position (
  topic text not null,
  partition int not null,
  topic_id text not null,
  next_offset bigint not null check (next_offset >= 0),
  primary key (topic, partition)
);

-- What every record turned out to be. Received = the sum over kinds, always.
create table account (
  topic text not null,
  partition int not null,
  kind text not null check (kind in ('accepted', 'duplicate', 'superseded', 'quarantined', 'control')),
  records bigint not null,
  primary key (topic, partition, kind)
);

-- One row a patient: the folded facts, the position of the last control they contain, and when time alone will next
-- change a decision about them.
create table patient (
  nhs_number bigint primary key,
  partition int not null,
  facts jsonb not null default '{}',
  control_position bigint not null default -1,
  due_at timestamptz
);
create index patient_due on patient (due_at) where due_at is not null;
create index patient_partition on patient (partition, nhs_number);

-- The newest version of each entry, with the decision in force about it for the patient. `envelope`: the entry as it was
-- published, without its body; everything else that is known of it is read from there. `may_defer`: its readiness may say
-- something about others. From `decided_at` on: the decision, made under the ruleset of generation `decided_in` and the same
-- under that of `generation`; `reasons` is null when there are none. `released_under`: the other ruleset under which it was
-- released that this one holds. Columns of eight bytes come first, so that none is padded.
create table entry (
  nhs_number bigint not null,
  version bigint not null,
  source_offset bigint not null,
  published_at timestamptz not null,
  decided_at timestamptz not null,
  decided_under bigint not null,
  partition int not null,
  decided_in int not null,
  generation int not null,
  conflict boolean not null,
  body_mismatch boolean not null,
  may_defer boolean not null,
  entry_id text not null,
  outcome text not null,
  digest bytea not null,
  envelope bytea not null,
  body bytea not null,
  headline text,
  reasons jsonb,
  released_under text,
  primary key (nhs_number, entry_id)
);
alter table entry alter column body set storage external;
create index entry_may_defer on entry (nhs_number) where may_defer;

-- The decisions in force about the same entries for proxies; the columns are those of `entry`.
create table proxy_decision (
  nhs_number bigint not null,
  version bigint not null,
  decided_at timestamptz not null,
  decided_under bigint not null,
  decided_in int not null,
  generation int not null,
  entry_id text not null,
  audience text not null,
  outcome text not null,
  digest bytea not null,
  headline text,
  reasons jsonb,
  released_under text,
  primary key (nhs_number, entry_id, audience)
);

-- Every decision that another one has replaced, in that order; never changed, never deleted. Only the triggers below
-- write here, so that nobody can change a decision without leaving what it was.
create table former_decision (
  decision_id bigint generated always as identity primary key,
  nhs_number bigint not null,
  version bigint not null,
  decided_at timestamptz not null,
  decided_under bigint not null,
  decided_in int not null,
  entry_id text not null,
  audience text not null,
  outcome text not null,
  digest bytea not null,
  headline text,
  reasons jsonb
);
create index former_decision_entry on former_decision (nhs_number, entry_id);

-- SECURITY DEFINER: whoever changes a decision has no right to write the history.
create function keep_former_decision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into former_decision
    (nhs_number, version, decided_at, decided_under, decided_in, entry_id, audience, outcome, digest, headline, reasons)
  values (old.nhs_number, old.version, old.decided_at, old.decided_under, old.decided_in, old.entry_id,
    case when tg_argv[0] = '' then to_jsonb(old) ->> 'audience' else tg_argv[0] end,
    old.outcome, old.digest, old.headline, old.reasons);
  return null;
end $$;
create trigger entry_keeps_former_decision after update on entry for each row
when ((old.digest, old.outcome, old.headline, old.reasons, old.decided_under, old.decided_at, old.decided_in)
  is distinct from (new.digest, new.outcome, new.headline, new.reasons, new.decided_under, new.decided_at, new.decided_in))
execute function keep_former_decision('self');
create trigger proxy_keeps_former_decision after update on proxy_decision for each row
when ((old.digest, old.outcome, old.headline, old.reasons, old.decided_under, old.decided_at, old.decided_in)
  is distinct from (new.digest, new.outcome, new.headline, new.reasons, new.decided_under, new.decided_at, new.decided_in))
execute function keep_former_decision('');

-- Which entries refer to which, by droppable elements of their bodies; the target may not have arrived.
create table pointer (
  nhs_number bigint not null,
  target text not null,
  entry_id text not null,
  primary key (nhs_number, target, entry_id)
);
create index pointer_entry on pointer (nhs_number, entry_id);

-- Entries that are concealed for an audience for reasons of their own, and the relatives their hides name.
create table root (
  nhs_number bigint not null,
  audience text not null,
  entry_id text not null,
  reason text not null,
  outcome text not null,
  related text[] not null,
  primary key (nhs_number, audience, entry_id)
);

-- What roots reach: the entries that are objected to because a relative is concealed.
create table reached (
  nhs_number bigint not null,
  audience text not null,
  entry_id text not null,
  objections text[] not null,
  primary key (nhs_number, audience, entry_id)
);

-- What controls said of single entries, whether the entry has arrived or not.
create table entry_mark (
  nhs_number bigint not null,
  entry_id text not null,
  marks jsonb not null,
  primary key (nhs_number, entry_id)
);

-- The newest full listing of a patient's entries by one system.
create table snapshot (
  nhs_number bigint not null,
  practice text not null,
  system text not null,
  taken_at timestamptz not null,
  entry_ids text[] not null,
  primary key (nhs_number, practice, system)
);

-- When a decision about patients of a partition was last made.
create table last_decision (
  partition int primary key,
  decided_at timestamptz not null
) with (fillfactor = 50);

-- Open work that no held entry stands for. `entry_id` is empty when it is about the patient or a grant.
create table current_task (
  nhs_number bigint not null,
  reason text not null,
  audience text not null,
  entry_id text not null,
  primary key (nhs_number, reason, audience, entry_id)
);

-- The ruleset in force. Every lane transaction holds this row shared, so no decision is made while it changes hands.
create table active_ruleset (
  only_one boolean primary key default true check (only_one),
  generation bigint not null,
  hash text not null,
  document jsonb not null,
  activated_at timestamptz not null
);

-- How far a newly activated ruleset has been applied to what was decided before, partition by partition.
create table rule_application (
  generation bigint not null,
  partition int not null,
  after bigint not null default -1,
  patients bigint not null default 0,
  finished_at timestamptz,
  primary key (generation, partition)
);

-- Patients whose entries are being decided again, page by page, after a control.
create table redecision (
  nhs_number bigint primary key,
  partition int not null,
  through bigint not null,
  entry_ids text[],
  forced text[] not null default '{}',
  after text not null default '',
  published_at timestamptz not null
);
create index redecision_partition on redecision (partition, nhs_number);

-- Messages committed and not yet confirmed by the broker; a confirmed one is deleted.
create table outgoing (
  topic text not null,
  partition int not null,
  sequence bigint not null,
  lane text not null,
  key bytea not null,
  value bytea not null,
  primary key (topic, partition, sequence)
);
alter table outgoing alter column value set storage external;

-- The next sequence number of each outgoing partition: a locked row, not a SEQUENCE, which would leave gaps.
create table outgoing_sequence (
  topic text not null,
  partition int not null,
  next bigint not null,
  primary key (topic, partition)
);

-- Records that could not be understood: where they lie, the rule broken, and the bytes for repair.
create table quarantine (
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  error text not null,
  raw bytea,
  quarantined_at timestamptz not null,
  primary key (topic, partition, record_offset)
);

-- These grow from empty under prepared plans: analyse early, or the first minutes run on plans for empty tables.
alter table entry set (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);
alter table proxy_decision set (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);
alter table patient set (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);
alter table outgoing set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

grant select, insert, update, delete on all tables in schema public to decider;
revoke insert, update, delete on former_decision from decider;
revoke delete on entry, proxy_decision from decider;
revoke update, delete on quarantine from decider;
revoke insert, update, delete on active_ruleset from decider;
grant insert, update (only_one) on active_ruleset to decider;  -- a row lock needs the right to update something
grant select on all tables in schema public to ledger_reader;
