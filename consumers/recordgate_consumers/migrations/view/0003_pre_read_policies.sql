-- The owner, with whose rights patients read, sees the rows of one patient and one audience, named per transaction;
-- unnamed, it sees none.
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

reset role;
