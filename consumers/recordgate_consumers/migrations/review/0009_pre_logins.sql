-- One login for each role: nobody is a member of a role any more, and who counts is a role that reads counters only.

do $$
begin
  if not exists (select from pg_roles where rolname = 'metrics') then
    create role metrics nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
end $$;

revoke review_sink, review_app from current_user;

grant usage on schema public to metrics;

set local role review_owner;
grant select on source_position, partition_count to metrics;
grant select (topic, partition) on isolated_record to metrics;
grant select (state, due_at) on hold to metrics;
grant select (created_at, sent_at) on outbox to metrics;
create policy metrics_counts on hold for select to metrics using (true);
create policy metrics_counts on outbox for select to metrics using (true);
reset role;

-- Who may connect at all.
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format(
    'grant connect on database %I to review_owner, review_sink, review_app, metrics', current_database()
  );
end $$;
