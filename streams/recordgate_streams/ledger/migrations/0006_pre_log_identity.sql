-- Which log a position is of: the last record that was applied. Its digest covers offset, broker time, key and value
-- (recordgate_runtime.record).
alter table source_position
  add column last_offset bigint,
  add column last_digest bytea;

-- Offsets that hold no record: transaction markers and aborted records. They were passed over, not received.
alter table account drop constraint account_kind_check;
alter table account add constraint account_kind_check
  check (kind in ('accepted', 'duplicate', 'superseded', 'quarantined', 'control', 'hole'));
