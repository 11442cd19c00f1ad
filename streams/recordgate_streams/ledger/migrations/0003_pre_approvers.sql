-- Who may approve a ruleset, and approvals as signatures that anybody can verify without this program.

-- Every set of approvers there has been, the first under number 0. A set is never changed and never deleted: the next
-- one follows it. `document`: the canonical JSON that was signed. `digest`: its SHA-256. `signatures`: the JWS of two of
-- the former approvers; none for the first set.
create table approver_change (
  change bigint primary key check (change >= 0),
  digest text not null unique,
  document text not null,
  signatures text[] not null,
  at timestamptz not null
);

-- The approvers by name: from which change on a key was trusted, and which change retired it (null: trusted now).
create view approver as
select name, public_key, min(change) as valid_from,
  case when max(change) < (select max(change) from approver_change) then max(change) + 1 end as retired_by
from (
  select c.change, a.key as name, a.value as public_key,
    c.change - row_number() over (partition by a.key, a.value order by c.change) as period
  from approver_change c, jsonb_each_text(c.document::jsonb -> 'approvers') a
) trusted
group by name, public_key, period;

-- Approvals as they were signed; a newer one of the same person replaces the older. They take the place of `approval`,
-- whose signatures were over shortened hashes and count no more.
create table signed_approval (
  approval_id bigint generated always as identity primary key,
  rehearsal_id text not null references rehearsal,
  approver text not null,
  jws text not null,
  at timestamptz not null
);
create index signed_approval_rehearsal on signed_approval (rehearsal_id, approver, approval_id);

-- The signatures that an activation rests on, and the set of approvers by which they were verified.
alter table activation
  add column approvals text[],
  add column approver_change bigint references approver_change;

grant select, insert on approver_change, signed_approval to rule_keeper;
grant select on approver_change, approver, signed_approval to ledger_reader;
grant select on approver to rule_keeper;

-- A lane checks that the ruleset in force is one that was activated.
grant select on activation to decider;
