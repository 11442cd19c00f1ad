"""Only finished entries may be shown (golden rows 42-53)."""

from recordgate_schemas.entry import Kind, Readiness
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections

NOT_READY: dict[Readiness, tuple[Reason, Outcome]] = {
    Readiness.DRAFT: (Reason.DRAFT, Outcome.DEFERRED),
    Readiness.UNFILED: (Reason.NOT_FILED, Outcome.DEFERRED),
    Readiness.UNREVIEWED: (Reason.NOT_REVIEWED, Outcome.DEFERRED),
    Readiness.AWAITING_FILING: (Reason.NOT_REVIEWED, Outcome.DEFERRED),
    Readiness.IN_TRANSIT: (Reason.IN_TRANSIT, Outcome.DEFERRED),
    Readiness.PARTIAL: (Reason.PARTIAL, Outcome.DEFERRED),
    Readiness.IN_ERROR: (Reason.IN_ERROR, Outcome.WITHHELD),
    Readiness.UNKNOWN: (Reason.UNKNOWN_READINESS, Outcome.HELD),
}
"""What each unfinished state asks for; final, filed and reviewed ask for nothing by themselves."""

EXPLICIT = {
    Kind.TEST_RESULT: Reason.NOT_FILED,
    Kind.REPORT: Reason.NOT_FILED,
    Kind.DOCUMENT: Reason.NOT_REVIEWED,
}
"""Kinds for which only an explicit `filed` or `reviewed` counts: results can reach a system before a clinician."""


def readiness(case: Case) -> Objections:
    """Defer what its source has not finished, withhold what is in error, hold what is unknown."""
    state, kind = case.entry.readiness, case.entry.kind
    if state in NOT_READY:
        reason, outcome = NOT_READY[state]
        yield Objection(reason, outcome, {"readiness": state.value})
    elif kind in EXPLICIT and state is Readiness.FINAL:
        yield Objection(EXPLICIT[kind], Outcome.DEFERRED, {"readiness": state.value})
