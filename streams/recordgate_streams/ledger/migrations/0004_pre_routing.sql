-- Routing is checked: how many partitions there are, quarantined bytes encrypted, and what operators did with them.

do $$
begin
  if not exists (select from pg_roles where rolname = 'quarantine_keeper') then
    create role quarantine_keeper nologin;
  end if;
end $$;
grant quarantine_keeper to current_user;
grant usage on schema public to quarantine_keeper;

-- How many partitions every topic has. Written when first used; it never changes by itself.
create table partition_count (
  only_one boolean primary key default true check (only_one),
  partitions int not null check (partitions > 0)
);
insert into partition_count (partitions)
select max(n) from (select count(*) as n from source_position group by topic) counted having max(n) is not null;

-- The record's key and value, encrypted; null when there was no key to encrypt with. `raw` is from before: the next
-- `recordgate migrate` with a key encrypts what is in it, and nobody writes it any more.
alter table quarantine
  add column sealed_key bytea,
  add column sealed_value bytea;

-- What operators put in the place of a quarantined record, encrypted; the newest counts.
create table quarantine_repair (
  repair_id bigint generated always as identity primary key,
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  sealed_value bytea not null,
  at timestamptz not null,
  foreign key (topic, partition, record_offset) references quarantine
);
create index quarantine_repair_record on quarantine_repair (topic, partition, record_offset, repair_id);

-- Who did what with a quarantined record, and when; never changed, never deleted.
create table quarantine_action (
  action_id bigint generated always as identity primary key,
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  action text not null check (action in ('shown', 'repaired', 'replayed', 'confirmed')),
  who text not null,
  at timestamptz not null,
  foreign key (topic, partition, record_offset) references quarantine
);
create index quarantine_action_record on quarantine_action (topic, partition, record_offset, action_id);

revoke insert on quarantine from decider;
grant insert (topic, partition, record_offset, error, sealed_key, sealed_value, quarantined_at) on quarantine to decider;
grant select, insert on partition_count to decider;
grant select on partition_count, quarantine_action to ledger_reader;
grant select on partition_count, quarantine, quarantine_repair, quarantine_action to quarantine_keeper;
grant insert on quarantine_repair, quarantine_action to quarantine_keeper;
