-- What `released` took back counts only once the sink has read it. So a view that went back, being restored from a backup,
-- and one whose log is not what it was, shows nothing of a partition until the sink has read what the log held then.
set local role view_owner;

-- Where the view lives. One row.
create table view_home (home text not null);
create unique index on view_home ((true));
grant select, insert, update on view_home to view_sink, gate_writer;

-- Partitions of `released` that show nothing before the position has reached this offset.
create table catching_up (partition int primary key, until bigint not null);
grant select, insert, update on catching_up to view_sink, gate_writer;
grant delete on catching_up to view_sink;
grant select on catching_up to metrics;

-- No patient row: closed. No row for `self`: the patient's alone counts. No row for a proxy: closed. No stamp: closed.
-- SAFETY: a decision that nobody renewed in time is not shown, even when the decider stands still, and nothing at all is
-- once the stamp is older than the lease, or of a clock that was ahead. The clock is read after the snapshot; now() is the start of the transaction.
-- SAFETY: only rows of the partition's incarnation count, and only once it is open.
-- SAFETY: nothing of a partition whose messages may be missing.
create or replace view visible_entry with (security_barrier) as
select
  entry.public_id,
  entry.kind,
  entry.event_date,
  entry.recorded_at,
  entry.redacted,
  entry.body,
  entry.body_type,
  entry.version
from released_entry as entry
join message_partition as known
  on known.partition = entry.partition and known.incarnation = entry.incarnation and known.open
join audience_gate as patient
  on patient.nhs_number = entry.nhs_number and patient.audience = '*'
left join audience_gate as own
  on own.nhs_number = entry.nhs_number and own.audience = entry.audience
left join entry_gate as hidden
  on hidden.nhs_number = entry.nhs_number and hidden.entry_id = entry.entry_id
left join follow_up
  on follow_up.nhs_number = entry.nhs_number and follow_up.incarnation = known.incarnation
where entry.body is not null
  and (entry.valid_until is null or clock_timestamp() < entry.valid_until)
  and not patient.closed
  and not coalesce(own.closed, entry.audience <> 'self')
  and not coalesce(follow_up.closed_by > follow_up.lifted, false)
  and clock_timestamp() < patient.expires_at
  and clock_timestamp() < coalesce(own.expires_at, 'infinity')
  and clock_timestamp() < (
    select gate.fresh_at + gate.lease
    from gate_freshness as gate
    where gate.fresh_at <= clock_timestamp() and gate.partition = partition_of(
      current_setting('recordgate.nhs_number', true),
      (select nullif(count(*), 0)::int from gate_freshness)
    )
  )
  and not exists (select from catching_up as behind where behind.partition = entry.partition)
  and greatest(
    entry.decided_under, case when patient.decided_in = known.incarnation then patient.decided_through end
  ) >= greatest(patient.fence, own.fence, hidden.fence);

reset role;
