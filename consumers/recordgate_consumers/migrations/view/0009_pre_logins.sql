-- One login for each role: nobody is a member of a role any more, and who counts is a role that reads counters only.

do $$
begin
  if not exists (select from pg_roles where rolname = 'metrics') then
    create role metrics nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
end $$;

revoke view_sink, gate_writer, view_reader from current_user;

grant usage on schema public to metrics;

set local role view_owner;
grant select on source_position, gate_freshness, released_sequence, partition_count to metrics;
grant select (topic, partition) on isolated_record to metrics;
grant select (partition, sequence, waiting_since) on waiting_marker to metrics;
create policy metrics_counts on waiting_marker for select to metrics using (true);
reset role;

-- Who may connect at all.
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format(
    'grant connect on database %I to view_owner, view_sink, gate_writer, view_reader, metrics', current_database()
  );
end $$;
