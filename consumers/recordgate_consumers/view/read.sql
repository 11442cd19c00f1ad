-- name: name_reader
-- Set, for this transaction only, whose view is read and by which audience.
select
  set_config('recordgate.nhs_number', %(nhs_number)s, true),
  set_config('recordgate.audience', %(audience)s, true)

-- name: visible_entries
-- What this audience may see of this patient now, newest first.
select public_id, kind, event_date, recorded_at, redacted, body, body_type, version
from visible_entry
order by event_date desc nulls last, recorded_at desc nulls last, public_id
