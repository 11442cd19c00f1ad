"""A jump that the consumer makes is a hole; a jump that anybody else makes is not."""

from hypothesis import given
from hypothesis import strategies as st

from recordgate_runtime.record import Mark
from recordgate_streams.engines.trail import Trail


def test_a_jump_says_where_the_consumer_had_stood_and_the_others_say_nothing() -> None:
    trail = Trail()
    trail.begin(0, 5, None)
    trail.hand_over(0, [7, 8, 10], 11, None)
    assert [trail.gap_from(0, offset) for offset in (7, 8, 10)] == [5, None, 9]


def test_what_is_handed_over_next_follows_what_was_handed_over_before() -> None:
    trail = Trail()
    trail.begin(0, 0, None)
    trail.hand_over(0, [0, 1], 2, None)
    trail.hand_over(0, [2], 3, None)
    trail.hand_over(0, [], 5, None)  # a marker and an aborted record
    trail.hand_over(0, [5], 6, None)
    assert [trail.gap_from(0, offset) for offset in (0, 1, 2, 5)] == [None, None, None, 3]


def test_records_that_were_dropped_on_the_way_are_no_hole() -> None:
    trail = Trail()
    trail.begin(0, 0, None)
    trail.hand_over(0, [0, 1], 2, None)  # dropped by whoever got them
    trail.hand_over(0, [2], 3, None)
    assert trail.gap_from(0, 2) is None


def test_what_lies_behind_the_last_record_was_passed() -> None:
    trail = Trail()
    trail.begin(0, 4, None)
    trail.begin(1, 9, None)
    assert trail.passed() == {}
    trail.hand_over(0, [4], 6, None)
    trail.hand_over(1, [], 11, None)
    assert trail.passed() == {0: (5, 6), 1: (9, 11)}


def test_a_partition_that_went_away_begins_anew() -> None:
    trail = Trail()
    trail.begin(0, 0, None)
    trail.hand_over(0, [3], 5, None)
    trail.forget(0)
    assert trail.place(0) is None
    assert trail.passed() == {}
    trail.begin(0, 3, None)
    assert trail.place(0) is not None
    assert trail.gap_from(0, 3) is None


def test_the_last_record_stays_the_one_before_until_another_was_handed_over() -> None:
    one, other = (Mark(offset, b"") for offset in (4, 7))
    trail = Trail()
    assert trail.before(0) is None
    trail.begin(0, 5, one)
    assert trail.before(0) == (one, 5)
    trail.hand_over(0, [], 6, None)
    assert trail.before(0) == (one, 6)
    trail.hand_over(0, [7], 8, other)
    assert trail.before(0) == (other, 8)
    begun = trail.place(0)
    trail.begin(0, 5, one)
    assert trail.place(0) is not begun


@given(st.lists(st.lists(st.integers(1, 4), max_size=5), max_size=6), st.integers(0, 3))
def test_every_offset_is_a_record_or_lies_between_where_the_consumer_stood_and_a_record(
    chunks: list[list[int]], start: int
) -> None:
    trail, handed, at = Trail(), list[int](), start
    trail.begin(0, start, None)
    for steps in chunks:
        offsets = []
        for step in steps:
            at += step
            offsets.append(at - 1)
        trail.hand_over(0, offsets, at, None)
        handed += offsets
    gap_from = [trail.gap_from(0, offset) for offset in handed]
    before = [start, *(offset + 1 for offset in handed[:-1])]
    assert [o if r is None else r for o, r in zip(handed, gap_from, strict=True)] == before[
        : len(handed)
    ]
