"""The rules of the view hold in every interleaving; without any one of them something leaks or ends wrong.

The normal run takes some scenarios of each machine; `make fence` (`RECORDGATE_LONG=1`) takes all: five minutes.
"""

import os
from dataclasses import dataclass

import pytest

from tests.model.fence.catalogue import PARTS, witness
from tests.model.fence.explore import explore
from tests.model.fence.lease import Lease, Moment
from tests.model.fence.rules import NONE, Rule

LONG = os.environ.get("RECORDGATE_LONG") == "1"


@pytest.mark.parametrize("letter", PARTS)
def test_nothing_stale_is_ever_visible_and_the_end_is_right(letter: str) -> None:
    found = [explore(machine) for machine in PARTS[letter].scenarios(every=LONG)]
    assert found
    assert [one for one in found if one.problem] == []


@pytest.mark.parametrize("rule", Rule, ids=str)
def test_without_any_one_rule_it_leaks(rule: Rule) -> None:
    """The scenario is safe with the rule and goes wrong without it: should it not, the test above proves nothing."""
    assert explore(witness(rule, NONE)).problem is None
    found = explore(witness(rule, frozenset({rule})))
    assert found.problem is not None
    assert found.trace


@dataclass(frozen=True, slots=True)
class Shown(Lease):
    """Takes anything that is shown at all for a leak."""

    def leak(self, at: Moment) -> str | None:
        return "shown" if at.reader.shown else None


def test_the_lease_leaves_something_readable() -> None:
    """A view that is always dark keeps every promise but one."""
    assert explore(Shown(lanes=1, lease=2)).problem == "shown"
