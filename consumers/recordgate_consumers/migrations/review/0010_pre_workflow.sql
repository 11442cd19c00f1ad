-- Work items: what people do with holds and tasks. `hold` and `task` keep what the decider said, `work_item` whose turn
-- it is and until when, `review_event` who did what, `outbox` what goes to the decider and when it may go.
-- A reviewer's session names its practice for each transaction and sees nothing of another one.
set local role review_owner;

create table work_item (
  id uuid primary key default gen_random_uuid(),
  nhs_number text not null,
  audience text not null,
  entry_id text not null,
  reason text not null,
  what text generated always as (case reason when '' then 'hold' else 'task' end) stored,
  practice text not null,
  queue text not null check (queue in ('practice', 'clinician', 'system', 'source')),
  harm smallint not null check (harm between 1 and 3),
  incarnation bigint not null,
  sequence bigint not null,
  opened_at timestamptz not null,
  half_at timestamptz not null,
  most_at timestamptz not null,
  due_at timestamptz not null,
  escalated smallint not null default 0 check (escalated in (0, 50, 80, 100)),
  next_escalation_at timestamptz generated always as (
    case escalated when 0 then half_at when 50 then most_at when 80 then due_at end
  ) stored,
  state text not null check (
    state in ('open', 'waiting', 'second_opinion', 'disagreement', 'decided', 'closed')
  ),
  closed_because text,
  -- Where a reviewer sent it, and to whom; who passed it on; until when it waits.
  sent_to text check (sent_to in ('practice', 'clinician')),
  assigned_to text,
  passed_by text[] not null default '{}',
  wait_until timestamptz,
  -- The lease. Its number only grows: whoever has an older one cannot decide any more.
  lease_holder text,
  lease_number bigint not null default 0,
  lease_until timestamptz,
  -- The opinions about what `sequence` says, and whose decision it was.
  opinion text,
  opinion_by text[] not null default '{}',
  decided_by text,
  updated_at timestamptz not null,
  unique (nhs_number, audience, entry_id, reason),
  constraint a_lease_ends check ((lease_holder is null) = (lease_until is null)),
  constraint waiting_ends check ((state = 'waiting') = (wait_until is not null)),
  constraint closed_says_why check ((state = 'closed') = (closed_because is not null)),
  constraint an_opinion_is_somebodys check (
    state not in ('second_opinion', 'disagreement') or cardinality(opinion_by) > 0
  )
) with (
  fillfactor = 80, autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500,
  autovacuum_vacuum_scale_factor = 0.05
);
create index work_in_order on work_item (practice, what, due_at, harm, opened_at, id)
  where state in ('open', 'second_opinion', 'disagreement');
create index work_in_order_of_queue on work_item (practice, what, queue, due_at, harm, opened_at, id)
  where state in ('open', 'second_opinion', 'disagreement');
-- Decided holds are few: the decider answers within seconds.
create index work_unanswered on work_item (updated_at) where state = 'decided' and what = 'hold';
create index work_wakes on work_item (wait_until) where state = 'waiting';
create index work_escalates on work_item (next_escalation_at) where state not in ('decided', 'closed');
create index work_leased on work_item (lease_holder) where lease_holder is not null;

-- Who saw what, and what was done: rows are added and never changed. No clinical text.
create table review_event (
  id bigint generated always as identity primary key,
  item_id uuid not null references work_item (id),
  practice text not null,
  at timestamptz not null,
  reviewer text not null,
  role text not null,
  action text not null,
  state text not null,
  incarnation bigint not null,
  sequence bigint not null,
  lease_number bigint not null,
  because text,
  sent_to text,
  until timestamptz
);
create index event_of_item on review_event (item_id, id);
create index event_of_reviewer on review_event (practice, reviewer, id);

-- An outcome may be sent from `send_after` on. Once it is taken it may have been sent, and is not undone any more.
alter table outbox
  add column item_id uuid references work_item (id),
  add column practice text,
  add column incarnation bigint,
  add column sequence bigint,
  add column opens boolean not null default true,
  add column send_after timestamptz not null default '-infinity',
  add column taken_at timestamptz,
  add column cancelled_at timestamptz,
  add column unanswered_at timestamptz,
  add constraint not_both check (taken_at is null or cancelled_at is null);
drop index outbox_unsent;
create index outbox_unsent on outbox (id) where sent_at is null and cancelled_at is null;
create unique index outbox_once on outbox (item_id, incarnation, sequence)
  where cancelled_at is null and unanswered_at is null;

-- The owner reads past the policies while rows move.
alter table hold no force row level security;
alter table task no force row level security;
insert into work_item (
  nhs_number, audience, entry_id, reason, practice, queue, harm, incarnation, sequence,
  opened_at, half_at, most_at, due_at, state, updated_at
)
select nhs_number, audience, entry_id, '', practice, queue, 1, incarnation, sequence,
  opened_at, opened_at + 0.5 * (due_at - opened_at), opened_at + 0.8 * (due_at - opened_at), due_at,
  state, updated_at
from hold where state <> 'closed'
union all
select nhs_number, audience, entry_id, reason, practice, 'practice', 1, incarnation, sequence,
  opened_at, opened_at + interval '5 days', opened_at + interval '8 days', opened_at + interval '10 days',
  'open', opened_at
from task where closed_at is null;

drop index hold_open, task_open;
alter table hold drop constraint hold_state_check, drop constraint has_an_owner;
update hold set state = 'open' where state = 'decided';
alter table hold
  drop column opened_at,
  drop column due_at,
  add constraint hold_state_check check (state in ('open', 'closed')),
  add constraint open_is_complete check (
    state = 'closed'
    or num_nulls(queue, version, practice, kind, reasons, hide_first, bulk_release, decided_under, ruleset,
                 body, body_type, body_sha256) = 0
  );
alter table task drop constraint open_has_an_owner;
alter table task
  drop column opened_at,
  add constraint open_is_complete check (
    num_nulls(practice, kind) = case when closed_at is null then 0 else 2 end
  );
alter table hold force row level security;
alter table task force row level security;

alter table work_item enable row level security, force row level security;
alter table review_event enable row level security, force row level security;
create policy sink_writes on work_item for all to review_sink using (true) with check (true);
create policy sink_writes on review_event for all to review_sink using (true) with check (true);
create policy metrics_counts on work_item for select to metrics using (true);
create policy own_practice on work_item for all to review_app
  using (practice = current_setting('recordgate.practice', true))
  with check (practice = current_setting('recordgate.practice', true));
create policy own_practice on review_event for all to review_app
  using (practice = current_setting('recordgate.practice', true))
  with check (practice = current_setting('recordgate.practice', true));
drop policy app_reviews on hold;
create policy own_practice on hold for select to review_app
  using (practice = current_setting('recordgate.practice', true));
drop policy app_reads on task;
create policy own_practice on task for select to review_app
  using (practice = current_setting('recordgate.practice', true));
drop policy app_writes on outbox;
create policy own_practice on outbox for all to review_app
  using (practice = current_setting('recordgate.practice', true))
  with check (practice = current_setting('recordgate.practice', true));

revoke all on hold, outbox from review_app;
revoke update (state, updated_at) on hold from review_app;
revoke update (sent_at) on outbox from review_app;
grant select on hold to review_app;
grant select on work_item to review_app;
grant update (
  state, queue, sent_to, assigned_to, passed_by, wait_until, lease_holder, lease_number, lease_until,
  opinion, opinion_by, decided_by, updated_at
) on work_item to review_app;
grant select, insert on review_event to review_app;
grant select (control_id, item_id, practice, incarnation, sequence, opens, send_after, taken_at, sent_at, cancelled_at)
  on outbox to review_app;
grant insert (control_id, control, created_at, item_id, practice, incarnation, sequence, opens, send_after)
  on outbox to review_app;
grant update (cancelled_at) on outbox to review_app;

-- What a reviewer sees of an item; the first opinion is not in it, so that the second is independent.
create view review_item with (security_invoker) as
select i.id, i.what, i.nhs_number, i.audience, i.entry_id, i.practice, i.queue, i.harm, i.state, i.incarnation,
  i.sequence, i.opened_at, i.half_at, i.most_at, i.due_at, i.escalated, i.closed_because, i.assigned_to, i.passed_by,
  i.wait_until, i.lease_holder, i.lease_until, i.opinion_by, i.decided_by,
  coalesce(h.kind, t.kind) as kind,
  coalesce(h.queue = 'clinician', false) as for_clinician,
  case i.what when 'hold' then coalesce(h.reasons, '{}') else array[i.reason] end as reasons,
  h.version, h.event_date, coalesce(h.hide_first, false) as hide_first, coalesce(h.bulk_release, false) as bulk_release,
  h.decided_under, h.ruleset, h.body_sha256
from work_item as i
left join hold as h
  on i.reason = '' and (h.nhs_number, h.audience, h.entry_id) = (i.nhs_number, i.audience, i.entry_id)
left join task as t
  on i.reason <> '' and (t.nhs_number, t.reason, t.audience, t.entry_id)
    = (i.nhs_number, i.reason, i.audience, i.entry_id);
grant select on review_item to review_app;

grant select, insert, update on work_item to review_sink;
grant insert on review_event to review_sink;
grant update (taken_at, cancelled_at, unanswered_at) on outbox to review_sink;

grant select (what, state, queue, harm, opened_at, due_at, escalated) on work_item to metrics;
grant select (send_after, taken_at, cancelled_at) on outbox to metrics;

reset role;
