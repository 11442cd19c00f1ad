"""Which entries lie inside the patient's window: recorded from the start date on, or opened by historic access.

The duty is keyed on when information was entered (reg 71ZA), the boundary is inclusive, days are London days.
An entry that does not say when it was recorded is inside if its event is.
Golden rows 1-8, 14, 16-18, 31, 37, 47.
"""

from datetime import date, timedelta

from recordgate_schemas.entry import ClinicalEntry, Kind, Origin
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import AccessWindow
from recordgate_streams.policy.dates import local_day
from recordgate_streams.policy.decision import EntryContext, Objection, Objections

RESULTS_AND_LETTERS = frozenset(
    {Kind.TEST_RESULT, Kind.REPORT, Kind.BATTERY, Kind.TEST_GROUP, Kind.DOCUMENT}
)
HOME_MADE = frozenset({Origin.LOCAL, Origin.CORRESPONDENCE})
HAPPENED = RESULTS_AND_LETTERS | frozenset(
    {Kind.ALLERGY, Kind.CONSULTATION, Kind.IMMUNISATION, Kind.OBSERVATION, Kind.PROBLEM}
)
"""Kinds that state what has happened. SAFETY: what is asked for, such as a medicine, may be dated ahead."""


def is_imported(entry: ClinicalEntry) -> bool:
    """True for what came from another practice's record, or may have."""
    return entry.origin not in HOME_MADE


def window(context: EntryContext) -> Objections:
    """Object to entries outside the window, undated, dated in the future, or dated before it but recorded in it."""
    entry, reach = context.entry, context.audience.window
    if entry.recorded_at is None:
        if reach is None or not _happened_since(context, reach.start):
            yield Objection(Reason.DATE_UNKNOWN, Outcome.HELD, {"recorded_at": "missing"})
        return
    if entry.recorded_at > context.now:
        yield Objection(Reason.FUTURE_DATED, Outcome.HELD, {"recorded_at": str(entry.recorded_at)})
    if reach is None:
        return
    recorded, imported = local_day(entry.recorded_at), is_imported(entry)
    if imported or recorded < reach.start:
        yield from _historic(context, reach, recorded, imported=imported)
    elif entry.event_date and entry.event_date < reach.start:
        yield from _backdated(context, reach, entry.event_date)


def _happened_since(context: EntryContext, start: date) -> bool:
    """Whether an undated entry was certainly recorded in the window: nothing is recorded before it happens.

    SAFETY: what was extracted before its event was recorded before it, so the event proves nothing. An imported entry
    was recorded elsewhere, whenever that was.
    """
    entry = context.entry
    happened = entry.event_date
    return (
        happened is not None
        and entry.kind in HAPPENED
        and not is_imported(entry)
        and start <= happened <= local_day(min(entry.extracted_at, context.now))
    )


def _historic(
    context: EntryContext, reach: AccessWindow, recorded: date, *, imported: bool
) -> Objections:
    because = {"recorded": str(recorded), "start": str(reach.start)}
    if not reach.covers_history(recorded):
        reason = Reason.HISTORIC_IMPORT if imported else Reason.HISTORIC
        yield Objection(reason, Outcome.NOT_ELIGIBLE, because)
    elif not reach.opens_history(recorded):
        yield Objection(Reason.HISTORIC_CHECK, Outcome.HELD, {**because, "record_checked": "no"})
    elif imported and not context.entry.hide_tags_trusted:
        because["hide_tags"] = "not trusted"
        yield Objection(Reason.HISTORIC_CHECK, Outcome.HELD, because)


def _backdated(context: EntryContext, reach: AccessWindow, event: date) -> Objections:
    """A clinical date before the start was never checked for a patient's eyes; results and letters take some days."""
    late = context.entry.kind in RESULTS_AND_LETTERS
    slack = context.settings.numbers.result_tolerance_days if late else 0
    if (
        context.settings.switches.backdated_hold
        and event < reach.start - timedelta(days=slack)
        and not reach.opens_history(event)
    ):
        because = {"event_date": str(event), "start": str(reach.start)}
        yield Objection(Reason.BACKDATED, Outcome.HELD, because)
