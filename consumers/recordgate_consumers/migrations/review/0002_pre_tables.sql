-- Holds, tasks, the outbox of review outcomes, the positions.
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
  queue text check (queue in ('practice', 'clinician', 'system', 'source')),
  version bigint,
  practice text,
  kind text,
  event_date date,
  reasons text[],
  hide_first boolean,
  bulk_release boolean,
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
    or num_nulls(queue, version, practice, kind, reasons, hide_first, bulk_release, decided_under, ruleset,
                 body, body_type, body_sha256, opened_at, due_at) = 0
  ),
  constraint closed_is_empty check (state <> 'closed' or (body is null and closed_because is not null))
) with (
  fillfactor = 85, autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.05
);
create index hold_open on hold (due_at, practice) where state = 'open';
create index hold_by_entry on hold (entry_id);

-- The newest task message per (reason, audience, entry); `entry_id` is empty when the task is about the patient or a
-- grant. A closed task keeps its key and sequence number, as a hold does.
create table task (
  nhs_number text not null,
  reason text not null,
  audience text not null,
  entry_id text not null,
  sequence bigint not null,
  practice text,
  kind text check (kind in ('review', 'urgent', 'practice', 'config', 'incident')),
  opened_at timestamptz,
  closed_at timestamptz,
  primary key (nhs_number, reason, audience, entry_id),
  constraint open_has_an_owner check (
    num_nulls(practice, kind, opened_at) = case when closed_at is null then 0 else 3 end
  )
) with (
  fillfactor = 85, autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.05
);
create index task_open on task (opened_at, practice) where closed_at is null;

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
alter table task enable row level security, force row level security;
alter table outbox enable row level security, force row level security;

create policy sink_writes on hold for all to review_sink using (true) with check (true);
create policy app_reviews on hold for all to review_app using (true) with check (true);
create policy sink_writes on task for all to review_sink using (true) with check (true);
create policy app_reads on task for select to review_app using (true);
create policy app_writes on outbox for all to review_app using (true) with check (true);
create policy sink_relays on outbox for all to review_sink using (true) with check (true);

grant select, insert, update on source_position to review_sink;
grant select, insert, update on hold, task to review_sink;
grant select, update (state, updated_at) on hold to review_app;
grant select on task to review_app;
grant select, insert, update (sent_at) on outbox to review_app;
grant select, update (sent_at) on outbox to review_sink;

reset role;
