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

reset role;
