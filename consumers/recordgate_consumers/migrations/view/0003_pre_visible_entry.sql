-- The read predicate, the only way out of this database. It runs with its owner's rights, and the owner sees the rows
-- of one patient and one audience, named per transaction; unnamed, it sees none.
set local role view_owner;

create policy one_audience on released_entry for select to view_owner using (
  nhs_number = current_setting('recordgate.nhs_number', true)
  and audience = current_setting('recordgate.audience', true)
);
create policy one_audience on audience_gate for select to view_owner using (
  nhs_number = current_setting('recordgate.nhs_number', true)
  and audience in ('*', current_setting('recordgate.audience', true))
);
create policy one_patient on entry_gate for select to view_owner using (
  nhs_number = current_setting('recordgate.nhs_number', true)
);

-- No patient row: closed. No row for `self`: the patient's alone counts. No row for a proxy: closed.
-- SAFETY: a decision that nobody renewed in time is not shown, even when the decider stands still.
create view visible_entry with (security_barrier) as
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
  and (entry.valid_until is null or now() < entry.valid_until)
  and not patient.closed
  and not coalesce(own.closed, entry.audience <> 'self')
  and now() < patient.expires_at
  and now() < coalesce(own.expires_at, 'infinity')
  and greatest(entry.decided_under, patient.decided_through)
    >= greatest(patient.fence, own.fence, hidden.fence);

grant select on visible_entry to view_reader;

reset role;
