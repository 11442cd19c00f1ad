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

reset role;
