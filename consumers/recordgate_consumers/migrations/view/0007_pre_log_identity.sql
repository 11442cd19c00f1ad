-- Which log a position is of: the last record that was applied. Its digest covers offset, broker time, key and value
-- (recordgate_runtime.record).
set local role view_owner;

alter table source_position
  add column last_offset bigint,
  add column last_digest bytea;

reset role;
