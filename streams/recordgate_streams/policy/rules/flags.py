"""Flags staff set on an entry: privacy, third parties, markers (golden rows 61-73). A person must look at each."""

from recordgate_schemas.entry import Marker, ThirdParty, Visibility
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections

MARKERS: dict[Marker, tuple[Reason, ...]] = {
    Marker.COURT: (Reason.COURT,),
    Marker.COMPLAINT: (Reason.MISFILED,),
    Marker.ADOPTION: (Reason.IDENTITY_CHANGE,),
    Marker.ORIGINATOR_CONTROLLED: (Reason.ORIGINATOR,),
    Marker.SAFEGUARDING: (Reason.SAFEGUARDING,),
    Marker.ALLEGED_PERPETRATOR: (Reason.SAFEGUARDING, Reason.THIRD_PARTY),
    Marker.ABNORMAL: (),
    Marker.MOVED_FROM_OTHER_PATIENT: (Reason.WRONG_PATIENT,),
    Marker.CONFIDENTIAL_TO_STAFF: (Reason.STAFF_PRIVATE,),
    Marker.TEXT_HINT: (),
    Marker.UNKNOWN: (Reason.UNKNOWN_FLAG,),
}
"""What each marker asks a person to look at. Abnormal results are open once filed: filing is the control."""


def flags(case: Case) -> Objections:
    """Hold staff-private entries without an online flag, third parties, unknown flags and marked entries."""
    entry = case.entry
    if entry.staff_private and entry.online_visibility is Visibility.UNSET:
        yield Objection(Reason.STAFF_PRIVATE, Outcome.HELD, {"online_visibility": "unset"})
    if entry.online_visibility is Visibility.UNKNOWN:
        yield Objection(Reason.UNKNOWN_FLAG, Outcome.HELD, {"online_visibility": "unknown"})
    if entry.third_party in (ThirdParty.PRESENT, ThirdParty.UNKNOWN):
        yield Objection(Reason.THIRD_PARTY, Outcome.HELD, {"third_party": entry.third_party.value})
    for marker in entry.markers:
        for reason in MARKERS[marker]:
            yield Objection(reason, Outcome.HELD, {"marker": marker.value})
