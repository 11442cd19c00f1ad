"""Only finished entries may be shown (golden rows 42-53)."""

from datetime import datetime

from recordgate_schemas.entry import ClinicalEntry, Kind, Marker, Readiness
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.dates import later
from recordgate_streams.policy.decision import EntryContext, Objection, Objections
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
    Kind.TEST_GROUP: Reason.NOT_FILED,
    Kind.DOCUMENT: Reason.NOT_REVIEWED,
}
"""Kinds for which only an explicit `filed` or `reviewed` counts: results can reach a system before a clinician."""


def readiness(context: EntryContext) -> Objections:
    """Defer what its source has not finished, withhold what is in error, hold what is unknown."""
    state = context.entry.readiness
    if state is Readiness.IN_ERROR:
        yield _objection(context, Reason.IN_ERROR, Outcome.WITHHELD)
    elif state not in FINISHED and state not in NOT_READY:
        yield _objection(context, Reason.UNKNOWN_READINESS, Outcome.HELD)
    elif reason := _unfinished(context):
        yield _objection(context, reason, waiting(context.settings))
    if context.settings.numbers.abnormal_delay_days and _is_delayed(context):
        days = str(context.settings.numbers.abnormal_delay_days)
        yield Objection(Reason.DELAYED, waiting(context.settings), {"delay_days": days})


def is_finished(kind: Kind, state: Readiness) -> bool:
    """Return whether an entry is finished, by what it states itself."""
    return state in FINISHED and not (state is Readiness.FINAL and kind in EXPLICIT)


def is_unfinished(kind: Kind, state: Readiness) -> bool:
    """Return whether its source has still to finish an entry, by what it states itself. Unknown is neither."""
    return state in NOT_READY or (state is Readiness.FINAL and kind in EXPLICIT)


def waiting(settings: PolicySettings) -> Outcome:
    """Return the outcome for what its source has not finished.

    An interface of five outcomes knows no waiting: there it is a hold of the source's own queue.
    """
    return Outcome.HELD if settings.switches.not_ready_hold else Outcome.DEFERRED


def delayed_until(entry: ClinicalEntry, days: int) -> datetime | None:
    """Return the instant until which an abnormal result waits; None when it does not."""
    since = entry.available_at or entry.recorded_at or entry.extracted_at
    if not days or Marker.ABNORMAL not in entry.markers:
        return None
    return later(since, days)


def _objection(context: EntryContext, reason: Reason, outcome: Outcome) -> Objection:
    return Objection(reason, outcome, {"readiness": context.entry.readiness.value})


def _unfinished(context: EntryContext) -> Reason | None:
    state, kind = context.entry.readiness, context.entry.kind
    if state is Readiness.PARTIAL and kind is Kind.TEST_RESULT:
        defers = context.settings.switches.defer_partial_reports
        return Reason.PARTIAL if defers else None
    if state is Readiness.FINAL:
        return EXPLICIT.get(kind)
    return NOT_READY.get(state)


def _is_delayed(context: EntryContext) -> bool:
    until = delayed_until(context.entry, context.settings.numbers.abnormal_delay_days)
    return until is not None and context.now < until
