"""A written history: which of several listings counts, and what is then gone at its source."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from recordgate_schemas.control import RecordSnapshot
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.history import Event, record_after
from recordgate_streams.decider.record import ControlEvent
from tests.support.builders import NOW, PRACTICE, RULESET, accepted, entry, event

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
