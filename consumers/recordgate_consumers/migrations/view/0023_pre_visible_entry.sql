-- The read predicate, the only way out of this database, and the only place where it is said. It runs with its owner's
-- rights, who sees the rows of one patient and one audience, named per transaction; unnamed, none. Until it is here, nothing
-- is readable.
set local role view_owner;

-- No patient row: closed. No row for `self`: the patient's alone counts. No row for a proxy: closed. No stamp: closed.
-- SAFETY: a decision that nobody renewed in time is not shown, even when the decider stands still, and nothing at all is
-- once the stamp is older than the lease, or of a clock that was ahead. The clock is read after the snapshot; now() is the start of the transaction.
-- SAFETY: only rows of the partition's incarnation count, and only once it is open.
-- SAFETY: nothing of a partition whose messages may be missing.
create view visible_entry with (security_barrier) as
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

grant select on visible_entry to view_reader;

reset role;
