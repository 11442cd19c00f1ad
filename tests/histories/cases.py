"""Random histories of one patient over few ids, days and instants, so that everything meets everything.

A case is the baseline patient, 0 to 6 further controls and 1 to 6 entries that mostly are the baseline entry with a few
fields changed. The same seed gives the same case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from tests.histories.controls import random_control
from tests.histories.entries import random_entries
from tests.histories.rulesets import random_ruleset
from tests.histories.times import BIRTH_DATES, INSTANTS, NOWS
from tests.histories.words import B, Event, Ruleset, access, control, registered

CASES_A_RULESET = 50


@dataclass(frozen=True, slots=True)
class Case:
    """A history, the rules and the time."""

    events: list[Event]
    ruleset: Ruleset
    now: datetime


def cases(seed: int, number: int) -> Iterator[Case]:
    """So many random cases; a ruleset serves several of them, since production takes long to read one."""
    rng = Random(seed)
    rules = random_ruleset(rng)
    for done in range(number):
        if done % CASES_A_RULESET == 0:
            rules = random_ruleset(rng)
        yield random_case(rng, rules)


def random_case(rng: Random, rules: Ruleset) -> Case:
    """One case under these rules."""
    entries = random_entries(rng)
    controls = _baseline(rng) + [
        random_control(rng, entries, rules) for _ in range(rng.randint(0, 6))
    ]
    if rng.random() < 0.1:  # the same control sent twice, received at another time
        controls.append(
            {**rng.choice(controls), "at": rng.choice(INSTANTS)} if controls else access()
        )
    said = _placed(rng, _without_tied_reviews(controls))
    events = said + entries
    events += [rng.choice(events) for _ in range(2) if rng.random() < 0.1]
    rng.shuffle(events)
    return Case(events, rules, rng.choice(NOWS))


def _baseline(rng: Random) -> list[Event]:
    baseline = []
    if rng.random() < 0.95:
        birth_date = rng.choice(BIRTH_DATES) if rng.random() < 0.3 else "1985-01-15"
        baseline.append(registered(birth_date=birth_date))
    if rng.random() < 0.95:
        baseline.append(access())
    if rng.random() < 0.5:
        baseline.append(control("AccountChanged", linked=True))
    if rng.random() < 0.1:
        baseline += [registered(practice=B), access(practice=B)]
    return baseline


def _placed(rng: Random, controls: Sequence[Event]) -> list[Event]:
    """Controls at their positions: in the order of receipt, with gaps, as in a partition of a topic."""
    position = -1
    placed = []
    for event in sorted(controls, key=lambda event: datetime.fromisoformat(event["at"])):
        position += rng.choice((1, 1, 1, 3))
        placed.append({**event, "position": position})
    return placed


def _without_tied_reviews(controls: Sequence[Event]) -> list[Event]:
    """Of reviews with one action at one instant the specification lets any count; so there is only one."""
    kept: dict[Any, Event] = {}
    for place, event in enumerate(controls):
        change = event.get("control", {}).get("change", {})
        if change.get("type") != "Reviewed":
            kept[place] = event
            continue
        instant = min(
            datetime.fromisoformat(event["at"]),
            datetime.fromisoformat(event["control"]["effective_at"]),
        )
        kept.setdefault((change["entry_id"], change["audience"], change["action"], instant), event)
    return list(kept.values())
