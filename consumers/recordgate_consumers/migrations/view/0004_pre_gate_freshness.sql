-- The fourth lock: nothing of a partition is readable unless the gate lane has lately proved that it applies everything.
set local role view_owner;

-- Per partition of `controls`: the latest instant of which it is certain that every control acknowledged before it is in
-- the gate. The gate lane makes the rows, all at once; their number is the partition count.
create table gate_freshness (
  partition int primary key check (partition >= 0),
  fresh_at timestamptz not null default '-infinity',
  lease interval not null check (lease > '0')
) with (fillfactor = 50);

grant select, insert, update on gate_freshness to gate_writer;
grant select on gate_freshness to view_sink;

-- The partition that Kafka's clients choose for a key: murmur2, 32 bits, as in org.apache.kafka.common.utils.Utils.
create function partition_of(key text, partitions int) returns int
language plpgsql immutable strict parallel safe as $$
declare
  m constant bigint := 1540483477;
  mask constant bigint := 4294967295;
  data constant bytea := convert_to(key, 'UTF8');
  size constant int := length(data);
  h bigint := (2538058380 # size) & mask;
  k bigint;
  rest constant int := size - size % 4;
begin
  for i in 0 .. size / 4 - 1 loop
    k := get_byte(data, 4 * i) + (get_byte(data, 4 * i + 1) << 8)
      + (get_byte(data, 4 * i + 2) << 16) + (get_byte(data, 4 * i + 3)::bigint << 24);
    k := (k * m) & mask;
    k := ((k # (k >> 24)) * m) & mask;
    h := ((h * m) & mask) # k;
  end loop;
  for i in reverse size % 4 - 1 .. 0 loop
    h := h # (get_byte(data, rest + i)::bigint << (8 * i));
    if i = 0 then
      h := (h * m) & mask;
    end if;
  end loop;
  h := ((h # (h >> 13)) * m) & mask;
  h := h # (h >> 15);
  return (h & 2147483647) % partitions;
end $$;
revoke all on function partition_of(text, int) from public;
grant execute on function partition_of(text, int) to view_owner, view_reader;

-- No patient row: closed. No row for `self`: the patient's alone counts. No row for a proxy: closed. No stamp: closed.
-- SAFETY: a decision that nobody renewed in time is not shown, even when the decider stands still, and nothing at all is
-- once the stamp is older than the lease, or of a clock that was ahead. The clock is read after the snapshot; now() is the start of the transaction.
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
join audience_gate as patient
  on patient.nhs_number = entry.nhs_number and patient.audience = '*'
left join audience_gate as own
  on own.nhs_number = entry.nhs_number and own.audience = entry.audience
left join entry_gate as hidden
  on hidden.nhs_number = entry.nhs_number and hidden.entry_id = entry.entry_id
where entry.body is not null
  and (entry.valid_until is null or clock_timestamp() < entry.valid_until)
  and not patient.closed
  and not coalesce(own.closed, entry.audience <> 'self')
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
  and greatest(entry.decided_under, patient.decided_through)
    >= greatest(patient.fence, own.fence, hidden.fence);

reset role;
