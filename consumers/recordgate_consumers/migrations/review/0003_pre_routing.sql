-- How many partitions every topic has. Written when first used; it never changes by itself.
set local role review_owner;

create table partition_count (
  only_one boolean primary key default true check (only_one),
  partitions int not null check (partitions > 0)
);
insert into partition_count (partitions)
select max(n) from (select count(*) as n from source_position group by topic) counted having max(n) is not null;

grant select, insert on partition_count to review_sink;
grant select on partition_count to review_app;

reset role;
