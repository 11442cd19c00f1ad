"""A written history: which of several listings counts, what is then gone at its source, and which ruleset decides."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from recordgate_schemas.control import RecordSnapshot
from recordgate_schemas.entry import ThirdParty
from recordgate_schemas.values import SELF, EntryId
from recordgate_streams.decider.history import (
    Event,
    RulesetActivated,
    Step,
    decide_history,
    record_after,
)
from recordgate_streams.decider.record import ControlEvent
from tests.support.builders import (
    NOW,
    PRACTICE,
    RULESET,
    accepted,
    access,
    entry,
    event,
    registered,
    reviewed,
)

A, B = EntryId("a"), EntryId("b")
EARLIER = NOW - timedelta(hours=1)


def listing(at: datetime, *names: EntryId) -> ControlEvent:
    return event(RecordSnapshot(PRACTICE, entry().system, names), at)


def gone(*events: Event) -> set[EntryId]:
    both = [accepted(entry(entry_id=name)) for name in (A, B)]
    found = record_after([*both, *events], RULESET).entries
    return {name for name, one in found.items() if one.integrity.gone_at_source}


@pytest.mark.parametrize(
    ("listings", "expected"),
    [
        ([listing(NOW, A, B)], set()),
        ([listing(NOW, A)], {B}),
        ([listing(EARLIER, A), listing(NOW, A, B)], set()),
        ([listing(EARLIER, A, B), listing(NOW, A)], {B}),
        ([listing(NOW, A), listing(NOW, A, B)], {B}),
        ([listing(NOW, A), listing(NOW, B)], {A, B}),
    ],
)
def test_the_newest_listing_counts_and_of_two_at_one_instant_what_either_misses_is_gone(
    listings: list[ControlEvent], expected: set[EntryId]
) -> None:
    for order in permutations(listings):
        assert gone(*order) == expected


@pytest.mark.parametrize(("activated", "outcome"), [(1, "RELEASED"), (-1, "HELD")])
def test_a_review_counts_under_the_ruleset_in_force_when_it_was_received(
    activated: int, outcome: str
) -> None:
    about = entry(third_party=ThirdParty.UNKNOWN)
    other = replace(RULESET, hash="0" * 64)
    review = reviewed("THIRD_PARTY", body_sha256=about.body_sha256)
    events: list[Step] = [
        event(registered(), NOW - timedelta(days=9), 0),
        event(access(), NOW - timedelta(days=9), 1),
        accepted(about),
        event(review, EARLIER, 2),
        RulesetActivated(EARLIER + timedelta(minutes=activated), other),
    ]
    for order in permutations(events):
        found = decide_history(order, RULESET, NOW).decisions[about.entry_id, SELF]
        assert (found.outcome, found.ruleset) == (outcome, other.hash)
