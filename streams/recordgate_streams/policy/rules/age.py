"""Online access is automatic from the 16th birthday; before, a practice may grant it from 13 (golden rows 9-13)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.dates import birthday, local_day
from recordgate_streams.policy.decision import Case, Objection, Objections


def age(case: Case) -> Objections:
    """Not eligible under 16 without the practice's own grant, and under 13 whatever was granted."""
    current = case.facts.current_registration()
    if not case.is_self or current is None or current.birth_date is None:
        return
    today = local_day(case.now)
    access = case.facts.access_at(current.practice)
    granted = access.practice_grant_from if access else None
    if granted is not None and today < birthday(current.birth_date, 13):
        yield Objection(
            Reason.UNDER_13,
            Outcome.NOT_ELIGIBLE,
            {"turns_13": str(birthday(current.birth_date, 13))},
        )
    elif granted is None and today < birthday(current.birth_date, 16):
        yield Objection(
            Reason.UNDER_16,
            Outcome.NOT_ELIGIBLE,
            {"turns_16": str(birthday(current.birth_date, 16))},
        )
