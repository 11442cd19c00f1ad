-- Which services may sign controls that can open something, for which practices, and from when until when.

do $$
begin
  if not exists (select from pg_roles where rolname = 'service_keeper') then
    create role service_keeper nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
end $$;
grant usage on schema public to service_keeper;
do $$
begin
  execute format('grant connect on database %I to service_keeper', current_database());
end $$;

-- A key and the practices it speaks for (null: all), while it is valid. Never changed and never deleted: to change
-- anything, retire it and add another row. `key_id`: the thumbprint of the public key, which signatures name.
create table service_key (
  service_key_id bigint generated always as identity primary key,
  key_id text not null,
  name text not null,
  public_key text not null,
  practices text[] check (cardinality(practices) > 0),
  valid_from timestamptz not null,
  valid_until timestamptz check (valid_until > valid_from),
  added_by text not null,
  added_at timestamptz not null
);
create index service_key_id on service_key (key_id);

-- From when on a key counts no more. What Kafka received before stays valid.
create table service_key_retirement (
  service_key_id bigint primary key references service_key,
  retired_at timestamptz not null,
  retired_by text not null
);

grant select, insert on service_key, service_key_retirement to service_keeper;
grant select on service_key, service_key_retirement to decider, ledger_reader;
