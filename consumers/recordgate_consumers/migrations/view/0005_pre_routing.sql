-- Routing is checked: how many partitions there are, and the patients that misrouted controls close.
set local role view_owner;

-- Written when first used; it never changes by itself.
create table partition_count (
  only_one boolean primary key default true check (only_one),
  partitions int not null check (partitions > 0)
);
insert into partition_count (partitions)
select max(n) from (select count(*) as n from source_position group by topic) counted having max(n) is not null;

-- A control outside its patient's partition closes the patients it may be about, until its copy is read. Its offset is
-- no position of theirs, so it is known by its coordinates. One control may concern two: its key's and the one it names.
create table misrouted (
  nhs_number text not null,
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  primary key (nhs_number, topic, partition, record_offset)
);

-- The controls whose copy was read where it belongs, by the original's coordinates: before or after the original. A copy
-- lifts the closing of the patient it is about, and of nobody else.
create table replayed (
  nhs_number text not null,
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  primary key (nhs_number, topic, partition, record_offset)
);

alter table misrouted enable row level security, force row level security;
alter table replayed enable row level security, force row level security;
create policy gate_writes on misrouted for all to gate_writer using (true) with check (true);
create policy gate_writes on replayed for all to gate_writer using (true) with check (true);

grant select, insert on partition_count to view_sink, gate_writer;
grant select, insert on misrouted, replayed to gate_writer;

reset role;
