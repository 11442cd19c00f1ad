-- A copy lifts what a misrouted control has closed only if it says the same: anybody who may publish controls can write
-- the coordinates of one. `digest`: SHA-256 of the value; null for a control that could not be read, whose copy is another.
set local role view_owner;

alter table misrouted add column digest bytea;
alter table replayed
  add column digest bytea not null default ''::bytea,
  drop constraint replayed_pkey,
  add primary key (nhs_number, topic, partition, record_offset, digest);
alter table replayed alter column digest drop default;

reset role;
