-- A restored ledger counts anew. What it published before, and what another process still publishes for it, is worth
-- nothing from its first message on; and nothing of a partition is readable until everything has been published again.
set local role view_owner;

-- Per partition of `released`: the ledger's newest incarnation, every sequence number of it that was applied, the number
-- of its open message, whether that counts already, and whether rows of older incarnations are gone.
create table message_partition (
  partition int primary key,
  incarnation bigint not null,
  applied int8multirange not null default '{}',
  open_at bigint,
  open boolean not null default false,
  swept boolean not null default false
) with (fillfactor = 50);
grant select, insert, update on message_partition to view_sink;

alter table released_entry
  add column partition int not null default -1,
  add column incarnation bigint not null default 0;

alter table waiting_marker
  add column incarnation bigint not null default 0,
  add column lifts bigint not null default -1;

-- The incarnation in which `decided_through` was said.
alter table audience_gate add column decided_in bigint not null default 0;
grant select (decided_in), insert (decided_in), update (decided_in) on audience_gate to view_sink;

-- Patients who are decided again in pages because of an entry. Closed while the greatest closing number exceeds the
-- greatest number lifted: resent and late messages change nothing.
create table follow_up (
  nhs_number text primary key,
  incarnation bigint not null,
  closed_by bigint not null default -1,
  lifted bigint not null default -1
) with (fillfactor = 70);
alter table follow_up enable row level security, force row level security;
create policy sink_writes on follow_up for all to view_sink using (true) with check (true);
create policy one_patient on follow_up for select to view_owner using (
  nhs_number = current_setting('recordgate.nhs_number', true)
);
grant select, insert, update on follow_up to view_sink;

-- No patient row: closed. No row for `self`: the patient's alone counts. No row for a proxy: closed. No stamp: closed.
-- SAFETY: a decision that nobody renewed in time is not shown, even when the decider stands still, and nothing at all is
-- once the stamp is older than the lease, or of a clock that was ahead. The clock is read after the snapshot; now() is the start of the transaction.
-- SAFETY: only rows of the partition's incarnation count, and only once it is open.
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
  and greatest(
    entry.decided_under, case when patient.decided_in = known.incarnation then patient.decided_through end
  ) >= greatest(patient.fence, own.fence, hidden.fence);

reset role;
