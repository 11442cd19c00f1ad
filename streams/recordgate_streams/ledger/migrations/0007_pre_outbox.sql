-- The outbox holds references, not bodies: one row per transaction, topic and partition (docs/adr/0015).

-- Messages committed and not yet confirmed by the broker; a confirmed row is deleted. `first`: the number of the first
-- message, the others follow without a gap. A message that shows a body is kept without it: `digests` says which decision
-- it tells (empty for a message that is kept whole), `taken_out` what is dropped from the bodies, by place in the row.
create table outbox (
  topic text not null,
  partition int not null,
  first bigint not null,
  lane text not null,
  keys bytea[] not null,
  messages bytea[] not null,
  digests bytea[] not null,
  taken_out jsonb,
  primary key (topic, partition, first),
  check (cardinality(messages) > 0 and cardinality(keys) = cardinality(messages)
    and cardinality(digests) = cardinality(messages))
);
alter table outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000);

lock table outgoing in access exclusive mode;
insert into outbox (topic, partition, first, lane, keys, messages, digests)
select topic, partition, sequence, lane, array[key], array[value], array[''::bytea] from outgoing;
drop table outgoing;

grant select, insert, delete on outbox to decider;
grant select on outbox to ledger_reader;
