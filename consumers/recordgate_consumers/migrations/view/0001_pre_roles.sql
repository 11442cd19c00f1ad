-- The view's roles. Roles belong to the whole cluster, so another database, or another migration running at this
-- moment, may have made them already. None can log in: a deployment grants them to its own login users.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['view_owner', 'view_sink', 'gate_writer', 'view_reader'] loop
    begin
      execute format('create role %I nologin nobypassrls', wanted);
    exception
      when duplicate_object or unique_violation then null;
    end;
    -- The migrating user must be able to become each role: to own the tables, and to run the processes.
    begin
      execute format('grant %I to current_user', wanted);
    exception
      when unique_violation then null;
    end;
  end loop;
end $$;

revoke all on schema public from public;
grant usage on schema public to view_sink, gate_writer, view_reader;
grant usage, create on schema public to view_owner;
