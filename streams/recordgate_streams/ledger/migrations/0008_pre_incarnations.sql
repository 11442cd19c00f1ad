-- A restored ledger counts anew: its incarnation, the database it lives in, and how far each partition has come.

-- Every message carries the number. `database` is where the ledger lived when the incarnation began: another one is a
-- restored or promoted copy.
create table incarnation (
  only_one boolean primary key default true check (only_one),
  number bigint not null check (number > 0),
  database text not null,
  begun_at timestamptz not null
);

-- What the controls lane has still to do before the readers may open a partition. `begun`: the start message is to be
-- written. `catching_up`: the topics are to be read to these ends. `publishing`: everything is published again, patient by
-- patient after `published_after`. `published`: the open message is to be written.
create table incarnation_partition (
  partition int primary key,
  phase text not null check (phase in ('begun', 'catching_up', 'publishing', 'published', 'open')),
  entries_end bigint,
  controls_end bigint,
  published_after bigint not null default -1
);

-- Numbers of another incarnation are not given any more.
alter table outgoing_sequence add column incarnation bigint not null default 0;

-- `publish_all`: publish every entry again, changed or not. `closing`: the number of the message that closed the patient until
-- this is done, -1 for none. `again`: a page left something over, so the pages begin anew at the end.
alter table redecision
  add column publish_all boolean not null default false,
  add column closing bigint not null default -1,
  add column again boolean not null default false;

grant select, insert, update on incarnation, incarnation_partition to decider;
grant select on incarnation, incarnation_partition to ledger_reader;
