"""The access ladder: what each level opens, and what it leaves out of an entry (golden rows 6, 12, 26-27, 39, 49)."""

from recordgate_schemas.control import Level
from recordgate_schemas.entry import ClinicalEntry, ElementKind, Kind, Origin
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.dates import local_day
from recordgate_streams.policy.decision import Case, Objection, Objections
from recordgate_streams.policy.rules.window import Window, window_of

LADDER = tuple(Level)
NEEDS: dict[Kind, Level] = {
    Kind.MEDICATION: Level.SUMMARY,
    Kind.ALLERGY: Level.SUMMARY,
    Kind.CONSULTATION: Level.DETAILED,
    Kind.PROBLEM: Level.DETAILED,
    Kind.IMMUNISATION: Level.DETAILED,
    Kind.TEST_RESULT: Level.DETAILED,
    Kind.REPORT: Level.DETAILED,
    Kind.BATTERY: Level.DETAILED,
    Kind.REFERRAL: Level.DETAILED,
    Kind.OBSERVATION: Level.DETAILED,
    Kind.LIST: Level.DETAILED,
    Kind.ACCESS_CODE: Level.DETAILED,
    Kind.DOCUMENT: Level.DOCUMENTS,
}
"""The lowest level at which a kind is shown; any other kind, should a reviewer open it, needs `full`."""


def level(case: Case) -> Objections:
    """Not eligible below the kind's level; free text is dropped below `full`."""
    reach = window_of(case)
    if reach is None:
        return
    held = _level_for(case.entry, reach)
    if reach.level is Level.NONE:
        yield Objection(Reason.LEVEL_NONE, Outcome.NOT_ELIGIBLE, {"level": reach.level.value})
    elif held is not Level.NONE:
        yield from _on_ladder(case, held)


def _level_for(entry: ClinicalEntry, reach: Window) -> Level:
    """The level on the day of recording; an undated entry is held elsewhere, and has the level of today if opened."""
    if entry.recorded_at is None:
        return reach.level
    imported = entry.origin in (Origin.TRANSFER, Origin.UNKNOWN)
    return reach.level_on(local_day(entry.recorded_at), imported=imported)


def _on_ladder(case: Case, held: Level) -> Objections:
    needed = NEEDS.get(case.entry.kind, Level.FULL)
    if LADDER.index(held) < LADDER.index(needed):
        because = {"level": held.value, "needs": needed.value}
        yield Objection(Reason.LEVEL, Outcome.NOT_ELIGIBLE, because)
    elif held is not Level.FULL and any(
        e.kind is ElementKind.FREE_TEXT for e in case.entry.elements
    ):
        drop = frozenset({ElementKind.FREE_TEXT})
        yield Objection(
            Reason.FREE_TEXT_DROPPED, Outcome.RELEASED_REDACTED, {"level": held.value}, drop
        )
