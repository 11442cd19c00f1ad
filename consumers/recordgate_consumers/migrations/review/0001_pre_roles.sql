-- The review database's roles; see the view's migration of the same name for why it is done this way.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['review_owner', 'review_sink', 'review_app'] loop
    begin
      execute format('create role %I nologin nobypassrls', wanted);
    exception
      when duplicate_object or unique_violation then null;
    end;
    begin
      execute format('grant %I to current_user', wanted);
    exception
      when unique_violation then null;
    end;
  end loop;
end $$;

revoke all on schema public from public;
grant usage on schema public to review_sink, review_app;
grant usage, create on schema public to review_owner;
