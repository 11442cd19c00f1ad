"""Which queue owns a hold: every hold has exactly one owner."""

from collections.abc import Iterable
from enum import StrEnum

from recordgate_schemas.reasons import Reason


class Queue(StrEnum):
    """Who must look at a hold."""

    PRACTICE = "practice"
    CLINICIAN = "clinician"
    SYSTEM = "system"


SYSTEM_REASONS = frozenset(
    {
        Reason.IDENTITY,
        Reason.STATE_UNKNOWN,
        Reason.ENGINE_ERROR,
        Reason.CONFLICT,
        Reason.BODY_MISMATCH,
    }
)
CLINICIAN_REASONS = frozenset(
    {Reason.SAFEGUARDING, Reason.COURT, Reason.THIRD_PARTY, Reason.ORIGINATOR}
)


def queue_for(reasons: Iterable[str]) -> Queue:
    """Return the owner: what the machine got wrong first, then what needs a clinician, then the practice."""
    given = set(reasons)
    if given & SYSTEM_REASONS:
        return Queue.SYSTEM
    return Queue.CLINICIAN if given & CLINICIAN_REASONS else Queue.PRACTICE
