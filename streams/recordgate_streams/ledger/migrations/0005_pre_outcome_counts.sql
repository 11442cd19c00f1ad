-- What the decisions in force say for the patients themselves, counted in the transaction that changes them, so that
-- the account does not read every entry. No decision may change while what there is is counted.

create table outcome_count (
  partition int not null,
  outcome text not null,
  reason text not null,
  entries bigint not null,
  primary key (partition, outcome, reason)
) with (fillfactor = 50);

grant select, insert, update on outcome_count to decider;
grant select on outcome_count to ledger_reader;
