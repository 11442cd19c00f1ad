"""A batch of the bulk engine has what is at hand, and what comes while the batch before is rested from."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from recordgate_runtime.settings import Settings
from recordgate_schemas.topics import ENTRIES
from recordgate_streams.engines.group_reader import GroupReader

NOTHING = None
AT_THE_END = "at the end of a partition"


class Reader(GroupReader):
    """Reads answers given in advance instead of a broker's."""

    def __init__(self, answers: list[Any], **settings: Any) -> None:
        self._topic, self._partitions = ENTRIES, 4
        self._settings = Settings(kafka="127.0.0.1:9", **settings)
        self._next, self._ends, self._gathered = {0: 0}, {}, []
        self._answers: Iterator[Any] = iter(answers)

    def _poll(self, wait_s: float) -> None:  # noqa: ARG002  the answers come at once
        answer = next(self._answers)
        if answer not in (NOTHING, AT_THE_END):
            self._gathered.append(self._record(answer))


def message(offset: int, size: int = 1) -> Any:
    value = b"v" * size
    return SimpleNamespace(
        partition=lambda: 0,
        offset=lambda: offset,
        timestamp=lambda: (2, 1_700_000_000_000),
        key=lambda: b"k",
        value=lambda: value,
    )


def read(reader: Reader, *rests: float) -> list[int]:
    left = iter(rests)
    return [one.offset for one in reader.read(0.2, lambda: next(left, 0.0))]


def test_none_comes() -> None:
    assert read(Reader([NOTHING])) == []


def test_who_is_rested_takes_what_is_at_hand() -> None:
    assert read(Reader([message(0), message(1), NOTHING, message(2)])) == [0, 1]


def test_while_it_rests_it_gathers_on_whatever_ends_in_between() -> None:
    reader = Reader([message(0), AT_THE_END, message(1), NOTHING, message(2), NOTHING])

    assert read(reader, 0.02, 0.015, 0.01, 0.005) == [0, 1, 2]


def test_a_batch_is_bounded_in_records_and_bytes() -> None:
    many = [message(n) for n in range(5)]
    large = [message(0, 600), message(1, 600), message(2, 600)]

    assert read(Reader(many, batch_entries=3)) == [0, 1, 2]
    assert read(Reader(large, batch_bytes=1024)) == [0, 1]
