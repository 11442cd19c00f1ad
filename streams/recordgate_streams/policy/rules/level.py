"""The access ladder: what each level opens, and what it leaves out of an entry (golden rows 6, 12, 26-27, 39, 49)."""

from recordgate_schemas.control import Level
from recordgate_schemas.entry import ElementKind, Kind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import LADDER, AccessWindow
from recordgate_streams.policy.dates import local_day
from recordgate_streams.policy.decision import EntryContext, Objection, Objections
from recordgate_streams.policy.rules.window import is_imported

NEEDS: dict[Kind, Level] = {
    Kind.MEDICATION: Level.SUMMARY,
    Kind.ALLERGY: Level.SUMMARY,
    Kind.CONSULTATION: Level.DETAILED,
    Kind.PROBLEM: Level.DETAILED,
    Kind.IMMUNISATION: Level.DETAILED,
    Kind.TEST_RESULT: Level.DETAILED,
    Kind.REPORT: Level.DETAILED,
    Kind.BATTERY: Level.DETAILED,
    Kind.TEST_GROUP: Level.DETAILED,
    Kind.REFERRAL: Level.DETAILED,
    Kind.OBSERVATION: Level.DETAILED,
    Kind.LIST: Level.DETAILED,
    Kind.ACCESS_CODE: Level.DETAILED,
    Kind.DOCUMENT: Level.DOCUMENTS,
}
"""The lowest level at which a kind is shown; any other kind, should a reviewer open it, needs `full`."""

DROPPED = (
    (Level.FULL, ElementKind.FREE_TEXT, Reason.FREE_TEXT_DROPPED),
    (Level.DOCUMENTS, ElementKind.ATTACHMENT, Reason.ATTACHMENT_DROPPED),
)
"""Below this level, elements of that kind are dropped for that reason."""


def level(context: EntryContext) -> Objections:
    """Not eligible below the kind's level; free text is dropped below `full`, attachments below `documents`."""
    reach = context.audience.window
    if reach is None:
        return
    granted = _granted(context, reach)
    if granted is Level.NONE:
        yield Objection(Reason.LEVEL_NONE, Outcome.NOT_ELIGIBLE, {"level": granted.value})
        return
    held = _reaching(context, reach, granted)
    needed = NEEDS.get(context.entry.kind, Level.FULL)
    if held is None or held is Level.FULL:
        return
    if LADDER.index(held) < LADDER.index(needed):
        because = {"level": held.value, "needs": needed.value}
        yield Objection(Reason.LEVEL, Outcome.NOT_ELIGIBLE, because)
    else:
        yield from _dropped(context, held)


def _granted(context: EntryContext, reach: AccessWindow) -> Level:
    """The audience's level; what was recorded under a higher one may keep it, if practices chose so."""
    audience, recorded = context.audience, context.entry.recorded_at
    keeps = not context.settings.switches.level_lowered_retract and audience.is_self
    if not keeps or recorded is None or audience.access is None or reach.level is Level.NONE:
        return reach.level
    then = [
        one.level
        for one in audience.facts.access
        if one.practice == audience.access.practice and one.at <= recorded
    ]
    return max(reach.level, then[-1] if then else Level.NONE, key=LADDER.index)


def _reaching(context: EntryContext, reach: AccessWindow, granted: Level) -> Level | None:
    """The level for the day of recording; None where nothing reaches, which the window objects to."""
    entry = context.entry
    if entry.recorded_at is None:  # inside the window by its event, or opened by a reviewer
        return granted
    recorded = local_day(entry.recorded_at)
    if recorded >= reach.start and not is_imported(entry):
        return granted
    return reach.historic.level if reach.historic and reach.covers_history(recorded) else None


def _dropped(context: EntryContext, held: Level) -> Objections:
    for until, kind, reason in DROPPED:
        below = LADDER.index(held) < LADDER.index(until)
        if below and any(element.kind is kind for element in context.entry.elements):
            because = {"level": held.value}
            yield Objection(reason, Outcome.RELEASED_REDACTED, because, frozenset({kind}))
