"""What fits into a transaction: a patient's entries together or not at all, within entries and bytes."""

from unittest.mock import MagicMock

from recordgate_schemas.values import EntryId
from recordgate_streams.lanes.room import Room
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER

ONE = [(NHS_NUMBER, EntryId(f"e{n}")) for n in range(3)]
OTHER = [(OTHER_NUMBER, EntryId("e"))]


def records(size: int) -> MagicMock:
    return MagicMock(size_of=lambda keys: size * len(keys))


def test_a_patient_whose_entries_do_not_fit_leaves_the_room_to_the_next() -> None:
    room = Room(entries=2, bytes=100)
    assert room.fit(records(1), ONE + OTHER) == (set(OTHER), {NHS_NUMBER})
    assert (room.entries, room.bytes) == (1, 99)


def test_bytes_are_as_tight_as_entries() -> None:
    assert Room(entries=9, bytes=2).fit(records(1), ONE) == (set(), {NHS_NUMBER})
    assert Room(entries=9, bytes=3).fit(records(1), ONE) == (set(ONE), set())


def test_asking_for_one_more_than_fits_is_enough_to_know_that_it_does_not() -> None:
    room = Room(entries=2, bytes=100)
    assert room.fit(records(1), ONE[: room.most])[1] == {NHS_NUMBER}
