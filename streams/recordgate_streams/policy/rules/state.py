"""Without knowing a patient's state nothing is released (golden rows 24, 40)."""

from recordgate_schemas.control import Verification
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import Objection, Objections


def state(audience: AudienceContext) -> Objections:
    """Hold when registration or the patient's level is not known, a control is unreadable, the number unverified."""
    facts, registration = audience.facts, audience.registration
    if facts.unreadable:
        yield Objection(Reason.STATE_UNKNOWN, Outcome.HELD, {"control": "one could not be read"})
    if registration is None:
        because = "several begin the same day" if facts.registrations else "none known"
        yield Objection(Reason.STATE_UNKNOWN, Outcome.HELD, {"registration": because})
        return
    if audience.is_self and audience.access is None:
        yield Objection(Reason.STATE_UNKNOWN, Outcome.HELD, {"access_level": "none known"})
    if registration.verification is not Verification.VERIFIED:
        because = registration.verification.value
        yield Objection(Reason.IDENTITY, Outcome.HELD, {"nhs_number": because})
