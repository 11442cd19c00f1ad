"""C: a signal about the whole patient is followed up in pages, behind a closing that its own marker lifts."""

from collections.abc import Iterator, Sequence

from tests.model.fence.decider import Play
from tests.model.fence.lanes import Lanes
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import (
    REDACT,
    RESUME,
    SUSPEND,
    Control,
    EntryRecord,
    World,
    hide,
    show,
)

STORED = (EntryRecord("a", 1, "a"), EntryRecord("b", 1, "b"))
SIGNAL = EntryRecord("a", 2, "a2", "+2")
ALONE = (SIGNAL,)
OVERLAPPING = (SIGNAL, EntryRecord("b", 2, "b2", "+3"))
TAKEN_BACK = (SIGNAL, EntryRecord("a", 3, "a3", "-2"))
ANOTHER_BETWEEN = (SIGNAL, EntryRecord("b", 2, "b2"))
OF_ITS_OWN = (EntryRecord("s", 1, "s", "+1"),)
POOL = (SUSPEND, RESUME, hide("a"), hide("b"), show("a"), REDACT)


def scenarios(off: Off = NONE) -> Iterator[Lanes]:
    """One signal with every control; two signals, side by side or the second taking over, with some."""
    for arriving in (ALONE, ANOTHER_BETWEEN):
        yield _lanes("ab", (), arriving, Play(off, resends=1))
        for control in POOL:
            yield _lanes("ab", (control,), arriving, Play(off, resends=1))
    for arriving in (OVERLAPPING, TAKEN_BACK):
        for takes_over, controls in ((False, (hide("b"),)), (True, (SUSPEND, REDACT))):
            yield _lanes("ab", (), arriving, Play(off, resends=1, takes_over=takes_over))
            for control in controls:
                yield _lanes("ab", (control,), arriving, Play(off, takes_over=takes_over))
    none: tuple[Control, ...] = ()
    for known in (none, (REDACT,)):
        yield _lanes("abs", known, OF_ITS_OWN, Play(off))
    for pair in ((SUSPEND, RESUME), (hide("a"), show("a")), (REDACT, hide("b"))):
        yield _lanes("ab", pair, ALONE, Play(off))


def witness(rule: Rule, off: Off) -> Lanes:
    """A scenario that goes wrong without the rule."""
    arriving = {Rule.NAMES: OVERLAPPING}.get(rule, ALONE)
    return _lanes("ab", (), arriving, Play(off, resends=1))


def _lanes(
    entries: str, controls: Sequence[Control], arriving: Sequence[EntryRecord], play: Play
) -> Lanes:
    return Lanes(World(entries, controls, (*STORED, *arriving), stored=2), play)
