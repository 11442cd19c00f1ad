"""A record is read at the practice that holds it and the patient belongs to (golden rows 14, 15, 21, 28)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections


def home(context: EntryContext) -> Objections:
    """Not eligible: another practice's entry, a practice the patient left, an area that is not shown."""
    registration, practice = context.audience.registration, context.entry.practice
    because: dict[str, str]
    if registration is not None and practice != registration.practice:
        because = {"entry": practice, "registered": registration.practice}
        yield Objection(Reason.LEFT_PRACTICE, Outcome.NOT_ELIGIBLE, because)
    elif registration is not None and registration.has_left:
        because = {"left_on": str(registration.left_on)}
        yield Objection(Reason.INACTIVE, Outcome.NOT_ELIGIBLE, because)
    own = _shown_for_patient(context)
    shown = context.entry.kind not in context.settings.practice(practice).areas_off
    if not (shown if own is None else own):
        by = "practice" if own is None else "patient"
        because = {"area": context.entry.kind.value, "set_for": by}
        yield Objection(Reason.AREA, Outcome.NOT_ELIGIBLE, because)


def _shown_for_patient(context: EntryContext) -> bool | None:
    """What was set for this patient alone, which goes before what the practice set for all."""
    areas = context.audience.facts.areas
    if not areas:
        return None
    key = (context.entry.practice, context.entry.kind)
    return next((a.shown for a in areas if (a.practice, a.kind) == key), None)
