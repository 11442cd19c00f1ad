-- Until when decisions and records may be dated although that lies in the future: an operator has looked at them.
create table clock_accepted (
  only_one boolean primary key default true check (only_one),
  until timestamptz not null
);
grant select, insert, update on clock_accepted to decider;
grant select on clock_accepted to ledger_reader;
