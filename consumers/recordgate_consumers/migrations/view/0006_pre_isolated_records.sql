-- Records that could not be applied although they could be read: where they lie, and where the error arose. They count
-- for the fuse after a restart too (docs/runbook/isolation-fuse.md). Nothing here names a patient.
set local role view_owner;

create table isolated_record (
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  error text not null,
  isolated_at timestamptz not null default now(),
  primary key (topic, partition, record_offset)
);
grant select, insert on isolated_record to view_sink, gate_writer;

reset role;
