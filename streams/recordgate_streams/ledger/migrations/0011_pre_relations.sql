-- How an entry is related to others, by what it says of them itself, and how far it is at its source. Null in entries
-- stored before: these are read from the envelope until their next version comes.

alter table entry
  add column names jsonb,
  add column kind text,
  add column readiness text,
  add column may_defer boolean;

-- Entries whose readiness may say something about others: drafts, unfiled results, partial reports. Few at any time.
create index entry_may_defer on entry (nhs_number) where may_defer is not false;
