-- Released entries, the gate, the positions. Every table that names a patient forces row-level security, so that not
-- even its owner reads past a policy: the owner's own view is how patients read.
set local role view_owner;

create table source_position (
  topic text not null,
  partition int not null,
  topic_id text not null,
  next_offset bigint not null check (next_offset >= 0),
  primary key (topic, partition)
);

-- The newest released message per (entry, audience). A retraction leaves the key, the sequence number and the opaque
-- id, so that a late older message finds something newer; everything clinical is gone. A release may end by itself at
-- `valid_until`.
create table released_entry (
  nhs_number text not null,
  audience text not null,
  entry_id text not null,
  public_id uuid not null default gen_random_uuid(),
  sequence bigint not null,
  decided_under bigint not null,
  version bigint,
  kind text,
  event_date date,
  recorded_at timestamptz,
  redacted boolean,
  valid_until timestamptz,
  body bytea,
  body_type text,
  body_sha256 bytea,
  released_at timestamptz not null,
  primary key (nhs_number, audience, entry_id),
  constraint tombstone_is_empty check (
    body is not null
    or num_nonnulls(version, kind, event_date, recorded_at, redacted, valid_until, body_type, body_sha256) = 0
  )
) with (
  fillfactor = 85, autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.05
);

-- Audience '*' carries what concerns the whole patient; without that row the patient is closed. A row starts closed
-- and fenced by nothing: only what the gate lane learnt opens it.
create table audience_gate (
  nhs_number text not null,
  audience text not null,
  fence bigint not null default -1,
  closed boolean not null default true,
  decided_through bigint not null default -1,
  expires_at timestamptz not null default 'infinity',
  primary key (nhs_number, audience)
) with (
  fillfactor = 70, autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.05
);

-- Why an audience is closed or open: per cause, what was said with the latest instant. `practice` is empty but for the
-- cause `registration`, which each practice opens and closes on its own.
create table gate_closure (
  nhs_number text not null,
  audience text not null,
  cause text not null,
  practice text not null,
  effective_at timestamptz not null,
  closed boolean not null,
  expires_at timestamptz not null default 'infinity',
  primary key (nhs_number, audience, cause, practice)
) with (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);

-- Fences single entries, whether they have arrived or not.
create table entry_gate (
  nhs_number text not null,
  entry_id text not null,
  fence bigint not null,
  primary key (nhs_number, entry_id)
) with (autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500);

-- Every sequence number of `released` that was applied, per partition; one range once nothing is missing.
create table released_sequence (
  partition int primary key,
  applied int8multirange not null
) with (fillfactor = 50);

-- Re-decision markers that wait until every lower sequence number of their partition is applied.
create table waiting_marker (
  partition int not null,
  sequence bigint not null,
  nhs_number text not null,
  through bigint not null,
  waiting_since timestamptz not null default now(),
  primary key (partition, sequence)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- INVARIANT: a marker applies only below this number (architecture.md, "The view"). Without the wait a late release
-- decided before a hide would be lifted over the hide's fence.
create function contiguous_prefix(applied int8multirange) returns bigint
  language sql immutable parallel safe
  return coalesce((select upper(part) from unnest(applied) as part where lower(part) = 0), 0);
revoke all on function contiguous_prefix(int8multirange) from public;
grant execute on function contiguous_prefix(int8multirange) to view_sink;

alter table released_entry enable row level security, force row level security;
alter table audience_gate enable row level security, force row level security;
alter table gate_closure enable row level security, force row level security;
alter table entry_gate enable row level security, force row level security;
alter table waiting_marker enable row level security, force row level security;

create policy sink_writes on released_entry for all to view_sink using (true) with check (true);
create policy sink_writes on waiting_marker for all to view_sink using (true) with check (true);
create policy sink_raises on audience_gate for all to view_sink using (true) with check (true);
create policy gate_writes on audience_gate for all to gate_writer using (true) with check (true);
create policy gate_writes on gate_closure for all to gate_writer using (true) with check (true);
create policy gate_writes on entry_gate for all to gate_writer using (true) with check (true);

grant select, insert, update on source_position to view_sink, gate_writer;
grant select, insert, update on released_entry, released_sequence to view_sink;
grant select, insert, delete on waiting_marker to view_sink;
grant select, insert, update on audience_gate, gate_closure, entry_gate to gate_writer;
-- The sink reports how far the decider came; it has no right to open, close or fence.
grant select (nhs_number, audience, decided_through), insert (nhs_number, audience, decided_through),
  update (decided_through) on audience_gate to view_sink;

reset role;
