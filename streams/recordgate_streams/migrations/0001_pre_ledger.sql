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

-- One row a patient: the folded facts and the position of the last control they contain.
create table patient (
  nhs_number text primary key,
  partition int not null,
  facts jsonb not null default '{}',
  control_position bigint not null default -1
);

-- The newest version of each entry. The envelope is the Avro entry without its body.
create table entry (
  nhs_number text not null,
  entry_id text not null,
  version bigint not null,
  body_sha256 bytea not null,
  practice text not null,
  system text not null,
  extracted_at timestamptz not null,
  envelope bytea not null,
  body bytea not null,
  conflict boolean not null,
  body_mismatch boolean not null,
  source_partition int not null,
  source_offset bigint not null,
  published_at timestamptz not null,
  primary key (nhs_number, entry_id)
);
alter table entry alter column body set storage external;

-- What controls said of single entries, whether the entry has arrived or not.
create table entry_mark (
  nhs_number text not null,
  entry_id text not null,
  marks jsonb not null,
  primary key (nhs_number, entry_id)
);

-- The newest full listing of a patient's entries by one system.
create table snapshot (
  nhs_number text not null,
  practice text not null,
  system text not null,
  taken_at timestamptz not null,
  entry_ids text[] not null,
  primary key (nhs_number, practice, system)
);

-- Every decision ever made; never changed, never deleted.
create table decision (
  decision_id bigint generated always as identity primary key,
  nhs_number text not null,
  entry_id text not null,
  audience text not null,
  version bigint not null,
  body_sha256 bytea not null,
  outcome text not null,
  headline text,
  reasons jsonb not null,
  ruleset text not null,
  decided_under bigint not null,
  decided_at timestamptz not null
);
create index decision_entry on decision (nhs_number, entry_id, audience, decision_id);

-- The decision in force for each entry and audience. `digest` says whether a new one differs.
create table current_decision (
  nhs_number text not null,
  entry_id text not null,
  audience text not null,
  partition int not null,
  version bigint not null,
  outcome text not null,
  headline text,
  digest bytea not null,
  decided_under bigint not null,
  primary key (nhs_number, entry_id, audience)
);
create index current_decision_entry_id on current_decision (entry_id);

-- Patients whose entries are being decided again, page by page, after a control.
create table redecision (
  nhs_number text primary key,
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
alter table current_decision set (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);
alter table patient set (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);
alter table outgoing set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

grant select, insert, update, delete on all tables in schema public to decider;
revoke update, delete on decision, quarantine from decider;
grant select on source_position, account, patient, entry, entry_mark, snapshot, decision, current_decision,
  redecision, quarantine, outgoing, outgoing_sequence to ledger_reader;
