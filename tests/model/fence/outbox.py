"""A: messages are built when they are sent. A number whose decision was replaced is filled with a retraction."""

from collections.abc import Iterator
from itertools import product

from tests.model.fence.decider import Play
from tests.model.fence.lanes import Lanes
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import (
    REDACT,
    RESUME,
    SUSPEND,
    EntryRecord,
    World,
    hide,
    publisher_hides,
    show,
)

POOL = (SUSPEND, RESUME, hide("a"), show("a"), REDACT, publisher_hides("a", 1))
STORED = (EntryRecord("a", 1, "a1"), EntryRecord("b", 1, "b1"))
BETTER, HELD = EntryRecord("a", 2, "a2"), EntryRecord("a", 2, None)
ARRIVING = (
    (BETTER,),
    (HELD,),
    (HELD, EntryRecord("a", 3, "a3")),
    (BETTER, EntryRecord("a", 3, None)),
)


def scenarios(off: Off = NONE) -> Iterator[Lanes]:
    """One and two controls with every way to arrive and one resend; three controls with one entry."""
    for length in (1, 2):
        for controls in product(POOL, repeat=length):
            for records in ARRIVING:
                world = World("ab", controls, (*STORED, *records), stored=2)
                yield Lanes(world, Play(off, resends=1))
    for controls in product(POOL, repeat=3):
        yield Lanes(World("a", controls, (STORED[0], BETTER), stored=1), Play(off))


def witness(rule: Rule, off: Off) -> Lanes:
    """A scenario that goes wrong without the rule."""
    controls, records = {
        Rule.FILLER: ((REDACT,), (BETTER, EntryRecord("a", 3, None))),
        Rule.RETRACT: ((REDACT,), (HELD,)),
        Rule.NUMBER: ((RESUME,), (BETTER,)),
        Rule.WAIT: ((hide("a"),), (HELD,)),
    }[rule]
    return Lanes(World("ab", controls, (*STORED, *records), stored=2), Play(off, resends=1))
