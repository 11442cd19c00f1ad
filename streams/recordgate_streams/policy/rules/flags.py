"""Flags staff set on an entry: privacy, third parties, markers (golden rows 61-74). A person must look at each."""

from recordgate_schemas.entry import Marker, ThirdParty, Visibility
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections

HOLD = (Outcome.HELD, Outcome.HELD)
NOT_FOR_PROXIES = (Outcome.HELD, Outcome.WITHHELD)
MARKERS: dict[Marker, tuple[tuple[Reason, tuple[Outcome, Outcome]], ...]] = {
    Marker.COURT: ((Reason.COURT, HOLD),),
    Marker.COMPLAINT: ((Reason.MISFILED, HOLD),),
    Marker.ADOPTION: ((Reason.IDENTITY_CHANGE, HOLD),),
    Marker.ORIGINATOR_CONTROLLED: ((Reason.ORIGINATOR, NOT_FOR_PROXIES),),
    Marker.SAFEGUARDING: ((Reason.SAFEGUARDING, NOT_FOR_PROXIES),),
    Marker.ALLEGED_PERPETRATOR: (
        (Reason.SAFEGUARDING, NOT_FOR_PROXIES),
        (Reason.THIRD_PARTY, HOLD),
    ),
    Marker.ABNORMAL: (),
    Marker.MOVED_FROM_OTHER_PATIENT: ((Reason.WRONG_PATIENT, HOLD),),
    Marker.CONFIDENTIAL_TO_STAFF: ((Reason.STAFF_PRIVATE, HOLD),),
    Marker.TEXT_HINT: (),
    Marker.UNKNOWN: ((Reason.UNKNOWN_FLAG, HOLD),),
}
"""What each marker asks of the patient and of proxies. Abnormal results are open once filed: filing is the control."""

VISIBILITIES = frozenset({Visibility.UNSET, Visibility.SHOWN, Visibility.HIDDEN})
NOBODY_ELSE = frozenset({ThirdParty.NONE, ThirdParty.CLINICIAN_ONLY})
"""What asks for nothing here. SAFETY: whatever is not listed is held."""


def flags(context: EntryContext) -> Objections:
    """Hold staff-private entries without an online flag, third parties, unknown flags and marked entries."""
    entry = context.entry
    if entry.staff_private and entry.online_visibility is Visibility.UNSET:
        yield _held(Reason.STAFF_PRIVATE, {"online_visibility": "unset"})
    if entry.online_visibility not in VISIBILITIES:
        yield _held(Reason.UNKNOWN_FLAG, {"online_visibility": "unknown"})
    if entry.third_party not in NOBODY_ELSE:
        yield _held(Reason.THIRD_PARTY, {"third_party": entry.third_party.value})
    if entry.markers:
        yield from _marked(context)
    if context.settings.switches.text_hints and _hints(context):
        yield _held(Reason.TEXT_HINT, {"hint": "in the text"})


def _marked(context: EntryContext) -> Objections:
    """In the order of the table, not of the entry: the first reason is what relatives inherit."""
    if not MARKERS.keys() >= set(context.entry.markers):
        yield _held(Reason.UNKNOWN_FLAG, {"marker": "on no list"})
    for marker, reasons in MARKERS.items():
        if marker in context.entry.markers:
            for reason, asked in reasons:
                outcome = asked[0] if context.is_self else asked[1]
                yield Objection(reason, outcome, {"marker": marker.value}, suppresses=True)


def _hints(context: EntryContext) -> bool:
    return context.integrity.text_hint or Marker.TEXT_HINT in context.entry.markers


def _held(reason: Reason, because: dict[str, str]) -> Objection:
    return Objection(reason, Outcome.HELD, because, suppresses=True)
