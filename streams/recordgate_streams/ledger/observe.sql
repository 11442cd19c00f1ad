-- name: pending_redecisions
-- Requests to decide a patient again that are still open.
select count(*) from redecision

-- name: next_sequence_numbers
-- The next sequence number of each partition of the outgoing topics.
select topic, partition, next from outgoing_sequence

-- name: decisions_in_force
-- The decisions in force for one audience of a patient.
select entry_id, outcome, headline from current_decision
where nhs_number = %(nhs_number)s and audience = %(audience)s order by entry_id

-- name: outcomes_by_audience
-- Current outcomes over all patients, by kind of audience and headline reason.
select split_part(audience, ':', 1), outcome, coalesce(headline, '-'), count(*)
from current_decision group by 1, 2, 3 order by 1 desc, 4 desc, 2, 3
