"""The seven machines: their scenarios, and for each rule one that goes wrong without it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.model.fence import (
    follow_up,
    lease,
    outbox,
    publishers_hide,
    relatives,
    restore,
    routing,
)
from tests.model.fence.explore import Machine
from tests.model.fence.rules import Off, Rule


class Part(NamedTuple):
    """One machine: its module, and which of its scenarios the normal run takes."""

    module: Any
    normal: range

    def scenarios(self, *, every: bool) -> Iterator[Machine[Any]]:
        """All scenarios, or those of the normal run."""
        for place, machine in enumerate(self.module.scenarios()):
            if every or place in self.normal:
                yield machine
            elif place >= self.normal.stop:
                return


PARTS = {
    "A": Part(outbox, range(0, 168, 8)),
    "B": Part(restore, range(4)),
    "C": Part(follow_up, range(6)),
    "D": Part(relatives, range(2)),
    "E": Part(lease, range(3)),
    "F": Part(routing, range(0, 30, 3)),
    "G": Part(publishers_hide, range(0, 60, 6)),
}


def witness(rule: Rule, off: Off) -> Machine[Any]:
    """The scenario that shows what the rule is for, played without the rules that are off."""
    found: Machine[Any] = PARTS[rule[0]].module.witness(rule, off)
    return found
