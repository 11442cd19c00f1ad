"""The fence rule holds in every interleaving; without any one of its rules it leaks.

`RECORDGATE_LONG=1` explores everything: all one and two controls with every mix of faults, all threes without. The
normal run takes all one and two controls without faults and every so many of the others.
"""

import os
from itertools import product

import pytest

from tests.model.fence import Control, Rules, Scenario, explore

LONG = os.environ.get("RECORDGATE_LONG") == "1"
POOL = (
    Control("suspend"),
    Control("resume"),
    Control("hide", 0),
    Control("show", 0),
    Control("level", 0),
    Control("level", 1),
)
FAULTS = ((1, 0), (2, 0), (0, 1), (1, 1))


def runs(length: int) -> list[tuple[Control, ...]]:
    return list(product(POOL, repeat=length))


FAULTLESS = [Scenario(controls) for controls in runs(1) + runs(2)]
FAULTY = [
    Scenario(controls, overtakings=overtakings, crashes=crashes)
    for controls in runs(1) + runs(2)
    for overtakings, crashes in FAULTS
]
THREES = [Scenario(controls) for controls in runs(3)]
COSTLY = [s for s in FAULTY if len(s.controls) > 1 and s.overtakings and s.crashes]
SAMPLE = [s for s in FAULTY if s not in COSTLY][::9] + COSTLY[8:9] + THREES[::31]


def name(scenario: Scenario) -> str:
    controls = "-".join(f"{c.kind}{c.about}" for c in scenario.controls)
    return f"{controls}-late{scenario.overtakings}-crash{scenario.crashes}"


@pytest.mark.parametrize("scenario", FAULTLESS + (FAULTY + THREES if LONG else SAMPLE), ids=name)
def test_nothing_stale_is_ever_visible_and_the_end_is_right(scenario: Scenario) -> None:
    assert explore(scenario) is None


TAKEN_AWAY = [Rules(markers_wait=False), Rules(controls_fence=False), Rules(hides_fence=False)]


@pytest.mark.parametrize("rules", TAKEN_AWAY, ids=repr)
def test_without_any_one_rule_it_leaks(rules: Rules) -> None:
    """The mutations: should these pass, the test above proves nothing."""
    found = (explore(scenario, rules) for scenario in FAULTLESS + FAULTY)
    assert any(broken is not None and broken.startswith("leak") for broken in found)


def test_the_wait_is_what_stops_a_marker_that_overtakes_a_retraction() -> None:
    scenario = Scenario((Control("level", 0),), overtakings=1)
    assert explore(scenario) is None
    broken = explore(scenario, Rules(markers_wait=False))
    assert broken is not None
    assert broken.startswith("leak")
