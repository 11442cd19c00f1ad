"""Online access is automatic from the 16th birthday; before, a practice may grant it from 13 (golden rows 9-13)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.dates import birthday
from recordgate_streams.policy.decision import Objection, Objections


def age(audience: AudienceContext) -> Objections:
    """Not eligible under 16 without the practice's own grant, and under 13 whatever was granted."""
    born, access = audience.birth_date, audience.access
    if not audience.is_self or born is None:
        return
    if audience.today.year - born.year > 16:
        return
    granted = access is not None and access.practice_grant_from is not None
    needed, reason = (13, Reason.UNDER_13) if granted else (16, Reason.UNDER_16)
    turns = birthday(born, needed)
    if audience.today < turns:
        yield Objection(reason, Outcome.NOT_ELIGIBLE, {f"turns_{needed}": str(turns)})
