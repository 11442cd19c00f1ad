-- A restored ledger counts anew: a message of a newer incarnation replaces any of an older one, and what is not
-- published again by the time the incarnation is open is closed.
set local role review_owner;

-- Per partition of `held`: the ledger's newest incarnation, every sequence number of it that was applied, the number of
-- its open message, whether that counts already, and whether holds of older incarnations were closed.
create table message_partition (
  partition int primary key,
  incarnation bigint not null,
  applied int8multirange not null default '{}',
  open_at bigint,
  open boolean not null default false,
  swept boolean not null default false
) with (fillfactor = 50);
grant select, insert, update on message_partition to review_sink;

create function contiguous_prefix(applied int8multirange) returns bigint
  language sql immutable parallel safe
  return coalesce((select upper(part) from unnest(applied) as part where lower(part) = 0), 0);
revoke all on function contiguous_prefix(int8multirange) from public;
grant execute on function contiguous_prefix(int8multirange) to review_sink;

alter table hold
  add column partition int not null default -1,
  add column incarnation bigint not null default 0;
alter table task
  add column partition int not null default -1,
  add column incarnation bigint not null default 0;

reset role;
