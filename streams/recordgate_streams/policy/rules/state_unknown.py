"""Without knowing a patient's state nothing is released (golden row 40)."""

from recordgate_schemas.control import Verification
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections


def state_unknown(case: Case) -> Objections:
    """Hold when no registration or no access level is known, or a control could not be read."""
    facts = case.facts
    registration = facts.current_registration()
    if facts.unreadable:
        yield Objection(Reason.STATE_UNKNOWN, Outcome.HELD, {"control": "one could not be read"})
    if not facts.registrations:
        yield Objection(Reason.STATE_UNKNOWN, Outcome.HELD, {"registration": "none known"})
    elif registration is None:
        yield Objection(
            Reason.STATE_UNKNOWN, Outcome.HELD, {"registration": "two begin the same day"}
        )
    elif facts.access_at(registration.practice) is None:
        yield Objection(Reason.STATE_UNKNOWN, Outcome.HELD, {"access_level": "none known"})
    if registration and registration.verification is not Verification.VERIFIED:
        because = {"nhs_number": registration.verification.value}
        yield Objection(Reason.IDENTITY, Outcome.HELD, because)
