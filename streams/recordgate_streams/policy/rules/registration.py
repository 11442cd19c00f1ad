"""The right belongs to living patients, regularly registered under this NHS number (golden rows 20, 22, 75)."""

from recordgate_schemas.control import NumberSide, RegistrationKind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import Objection, Objections


def registration(audience: AudienceContext) -> Objections:
    """Not eligible: deceased, another number, not regularly registered; held under a new number."""
    facts, current = audience.facts, audience.registration
    if facts.died:
        yield Objection(Reason.DECEASED, Outcome.NOT_ELIGIBLE, {})
    if NumberSide.OLD in facts.number_changed:
        yield Objection(Reason.IDENTITY_CHANGE, Outcome.NOT_ELIGIBLE, {"nhs_number": "replaced"})
    elif facts.number_changed:
        yield Objection(Reason.IDENTITY_CHANGE, Outcome.HELD, {"nhs_number": "new"})
    if current is not None and current.kind is not RegistrationKind.REGULAR:
        yield Objection(Reason.NOT_REGISTERED, Outcome.NOT_ELIGIBLE, {"kind": current.kind.value})
