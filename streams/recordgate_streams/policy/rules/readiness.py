"""Only finished entries may be shown (golden rows 42-53)."""

from datetime import datetime

from recordgate_schemas.entry import ClinicalEntry, Kind, Marker, Readiness
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.dates import later
from recordgate_streams.policy.decision import Case, Objection, Objections
from recordgate_streams.policy.settings import PolicySettings

NOT_READY: dict[Readiness, Reason] = {
    Readiness.DRAFT: Reason.DRAFT,
    Readiness.UNFILED: Reason.NOT_FILED,
    Readiness.UNREVIEWED: Reason.NOT_REVIEWED,
    Readiness.AWAITING_FILING: Reason.NOT_REVIEWED,
    Readiness.IN_TRANSIT: Reason.IN_TRANSIT,
    Readiness.PARTIAL: Reason.PARTIAL,
}
"""What each unfinished state is called."""

FINISHED = frozenset({Readiness.FINAL, Readiness.FILED, Readiness.REVIEWED})
"""These ask for nothing by themselves. SAFETY: a state in none of these tables is unknown, and held."""

EXPLICIT = {
    Kind.TEST_RESULT: Reason.NOT_FILED,
    Kind.REPORT: Reason.NOT_FILED,
    Kind.DOCUMENT: Reason.NOT_REVIEWED,
}
"""Kinds for which only an explicit `filed` or `reviewed` counts: results can reach a system before a clinician."""


def readiness(case: Case) -> Objections:
    """Defer what its source has not finished, withhold what is in error, hold what is unknown."""
    state = case.entry.readiness
    if state is Readiness.IN_ERROR:
        yield _objection(case, Reason.IN_ERROR, Outcome.WITHHELD)
    elif state not in FINISHED and state not in NOT_READY:
        yield _objection(case, Reason.UNKNOWN_READINESS, Outcome.HELD)
    elif reason := _unfinished(case):
        yield _objection(case, reason, _waiting(case.settings))
    if case.settings.numbers.abnormal_delay_days and _is_delayed(case):
        days = str(case.settings.numbers.abnormal_delay_days)
        yield Objection(Reason.DELAYED, _waiting(case.settings), {"delay_days": days})


def delayed_until(entry: ClinicalEntry, days: int) -> datetime | None:
    """Return the instant until which an abnormal result waits; None when it does not."""
    since = entry.available_at or entry.recorded_at
    if not days or since is None or Marker.ABNORMAL not in entry.markers:
        return None
    return later(since, days)


def _objection(case: Case, reason: Reason, outcome: Outcome) -> Objection:
    return Objection(reason, outcome, {"readiness": case.entry.readiness.value})


def _unfinished(case: Case) -> Reason | None:
    state, kind = case.entry.readiness, case.entry.kind
    if state is Readiness.PARTIAL and kind is Kind.TEST_RESULT:
        whole = case.settings.switches.partial_reports_defer_whole
        return Reason.PARTIAL if whole else None
    if state is Readiness.FINAL:
        return EXPLICIT.get(kind)
    return NOT_READY.get(state)


def _waiting(settings: PolicySettings) -> Outcome:
    """An interface of five outcomes knows no waiting: there it is a hold of the source's own queue."""
    return Outcome.HELD if settings.switches.not_ready_hold else Outcome.DEFERRED


def _is_delayed(case: Case) -> bool:
    until = delayed_until(case.entry, case.settings.numbers.abnormal_delay_days)
    return until is not None and case.now < until
