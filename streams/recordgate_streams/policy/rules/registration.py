"""The right belongs to patients registered at the practice that holds the record (golden rows 14-16, 20-22)."""

from recordgate_schemas.control import NumberSide, RegistrationKind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections


def registration(case: Case) -> Objections:
    """Not eligible: not regularly registered, left, deceased, or the record of another practice."""
    facts = case.facts
    current = facts.current_registration()
    if facts.died:
        yield Objection(Reason.DECEASED, Outcome.NOT_ELIGIBLE, {})
    if NumberSide.OLD in facts.number_changed:
        yield Objection(Reason.IDENTITY_CHANGE, Outcome.NOT_ELIGIBLE, {"nhs_number": "replaced"})
    elif NumberSide.NEW in facts.number_changed:
        yield Objection(Reason.IDENTITY_CHANGE, Outcome.HELD, {"nhs_number": "new"})
    if current is None:
        return
    if current.kind is not RegistrationKind.REGULAR:
        yield Objection(Reason.NOT_REGISTERED, Outcome.NOT_ELIGIBLE, {"kind": current.kind.value})
    if case.entry.practice != current.practice:
        because = {"entry": case.entry.practice, "registered": current.practice}
        yield Objection(Reason.LEFT_PRACTICE, Outcome.NOT_ELIGIBLE, because)
    elif current.has_left:
        yield Objection(Reason.INACTIVE, Outcome.NOT_ELIGIBLE, {"left_on": str(current.left_on)})
