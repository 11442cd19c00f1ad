"""How much harm a wrong release could do, by the reasons of a hold or a task; the order of a queue follows it."""

from collections.abc import Iterable
from enum import IntEnum

from recordgate_schemas.reasons import Reason


class Harm(IntEnum):
    """The lower the number, the sooner it is looked at among what is due on one day."""

    SERIOUS = 1
    OTHERS = 2
    ORDINARY = 3


MEANING = {
    Harm.SERIOUS: "serious harm is possible",
    Harm.OTHERS: "it may concern somebody else, or be somebody else's",
    Harm.ORDINARY: "no special harm is known",
}
"""What each class means."""

_SERIOUS = frozenset(
    {
        Reason.SAFEGUARDING,
        Reason.ACCESS_REVIEW,
        Reason.OPINION_STALE,
        Reason.PROXY_SENSITIVE,
        Reason.REVIEWED,
        Reason.SUSPENDED,
        Reason.S_FLAG,
    }
)
_OTHERS = frozenset(
    {
        Reason.COURT,
        Reason.IDENTITY,
        Reason.IDENTITY_CHANGE,
        Reason.MISFILED,
        Reason.ORIGINATOR,
        Reason.PR_CHANGE,
        Reason.TEXT_HINT,
        Reason.THIRD_PARTY,
        Reason.WRONG_PATIENT,
    }
)
_KNOWN = frozenset(Reason)


def harm(reasons: Iterable[str]) -> Harm:
    """Return the gravest class of the reasons. SAFETY: a reason that is not known counts as the gravest."""
    return min((_of(reason) for reason in reasons), default=Harm.SERIOUS)


def _of(reason: str) -> Harm:
    if reason not in _KNOWN or reason in _SERIOUS:
        return Harm.SERIOUS
    return Harm.OTHERS if reason in _OTHERS else Harm.ORDINARY
