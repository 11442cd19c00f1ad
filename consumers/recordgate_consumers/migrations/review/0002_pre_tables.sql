-- Holds, the outbox of review outcomes, the positions.
set local role review_owner;

create table source_position (
  topic text not null,
  partition int not null,
  topic_id text not null,
  next_offset bigint not null check (next_offset >= 0),
  primary key (topic, partition)
);

-- The newest `held` message per (entry, audience). A closed hold keeps its key and sequence number, so that a late
-- older message finds something newer; the body is gone.
create table hold (
  nhs_number text not null,
  audience text not null,
  entry_id text not null,
  sequence bigint not null,
  state text not null check (state in ('open', 'decided', 'closed')),
  queue text check (queue in ('practice', 'clinician', 'system')),
  version bigint,
  practice text,
  kind text,
  event_date date,
  reasons text[],
  decided_under bigint,
  ruleset text,
  body bytea,
  body_type text,
  body_sha256 bytea,
  opened_at timestamptz,
  due_at timestamptz,
  updated_at timestamptz not null,
  closed_because text,
  primary key (nhs_number, audience, entry_id),
  -- Nothing can be forgotten: what is not closed has an owner and a due date.
  constraint has_an_owner check (
    state = 'closed'
    or num_nulls(queue, version, practice, kind, reasons, decided_under, ruleset, body, body_type,
                 body_sha256, opened_at, due_at) = 0
  ),
  constraint closed_is_empty check (state <> 'closed' or (body is null and closed_because is not null))
) with (
  fillfactor = 85, autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.05
);
create index hold_open on hold (due_at, practice) where state = 'open';
create index hold_by_entry on hold (entry_id);

-- Review outcomes on their way to `controls`: written with the outcome, sent after it, sent again when in doubt.
create table outbox (
  id bigint generated always as identity primary key,
  control_id text not null unique,
  control bytea not null,
  created_at timestamptz not null,
  sent_at timestamptz
);
create index outbox_unsent on outbox (id) where sent_at is null;

alter table hold enable row level security, force row level security;
alter table outbox enable row level security, force row level security;

create policy sink_writes on hold for all to review_sink using (true) with check (true);
create policy app_reviews on hold for all to review_app using (true) with check (true);
create policy app_writes on outbox for all to review_app using (true) with check (true);
create policy sink_relays on outbox for all to review_sink using (true) with check (true);

grant select, insert, update on source_position to review_sink;
grant select, insert, update on hold to review_sink;
grant select, update (state, updated_at) on hold to review_app;
grant select, insert, update (sent_at) on outbox to review_app;
grant select, update (sent_at) on outbox to review_sink;

reset role;
