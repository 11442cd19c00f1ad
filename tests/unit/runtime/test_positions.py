"""What a reader went through: in order, each offset once, and nothing dropped on the way."""

from dataclasses import replace

import pytest

from recordgate_runtime.positions import Advance, Span, spans_of
from recordgate_runtime.record import Record
from recordgate_schemas.errors import FatalError


def record(offset: int, partition: int = 0, gap_from: int | None = None, **fields: bytes) -> Record:
    given = {"key": b"k", "value": b"v", **fields}
    return Record("entries", partition, offset, 7, given["key"], given["value"], gap_from=gap_from)


def test_records_are_sorted_by_partition_and_each_counts_once() -> None:
    found = spans_of("entries", [record(2, 1), record(4), record(3), record(4)])
    assert found == [
        Span("entries", 0, 3, 5, [record(3), record(4)]),
        Span("entries", 1, 2, 3, [record(2, 1)]),
    ]


def test_offsets_that_hold_no_record_are_gone_through() -> None:
    (found,) = spans_of("entries", [record(3, gap_from=1), record(6, gap_from=4)])
    assert (found.first, found.end) == (1, 7)
    assert Advance(found, 1).holes == 4
    assert (Advance(found, 4).holes, Advance(found, 4).new) == (2, [record(6, gap_from=4)])
    assert (Advance(found, 7).holes, Advance(found, 9).holes) == (0, 0)


def test_a_record_that_was_read_from_further_on_means_that_others_are_missing() -> None:
    with pytest.raises(FatalError, match=r"entries/0: .*records are missing.*position-conflict.md"):
        spans_of("entries", [record(3), record(5)])
    with pytest.raises(FatalError, match="records are missing"):
        spans_of("entries", [record(3), record(7, gap_from=5)])


def test_two_records_at_one_offset_must_be_the_same() -> None:
    with pytest.raises(FatalError, match=r"entries/0: the record at 3 .*log-is-another-one.md"):
        spans_of("entries", [record(3), record(3, value=b"w")])


ONE = record(3, key=b"ab", value=b"c")
OTHERS = {
    "offset": replace(ONE, offset=4),
    "time": replace(ONE, timestamp_ms=8),
    "key": replace(ONE, key=b"ac"),
    "value": replace(ONE, value=b"d"),
    "no key": replace(ONE, key=None, value=b"abc"),
    "an empty key": replace(ONE, key=b"", value=b"abc"),
    "no value": replace(ONE, value=None),
    "an empty value": replace(ONE, value=b""),
    "the same bytes, cut elsewhere": replace(ONE, key=b"a", value=b"bc"),
}


def test_each_part_of_a_record_tells_it_from_others_and_how_it_was_read_does_not() -> None:
    digests = {one.mark.digest for one in (ONE, *OTHERS.values())}
    assert len(digests) == 1 + len(OTHERS)
    assert replace(ONE, partitions=9, gap_from=0).mark == ONE.mark
