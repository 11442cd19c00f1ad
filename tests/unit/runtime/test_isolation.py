"""A batch that fails is tried again in halves until the bad record is alone; other errors end the process."""

from collections.abc import Collection, Sequence

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_runtime.isolation import WINDOW, Fuse, Isolation, blames_a_record, parts, size_of
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, PoisonError, RetryableError

WIDE = Settings(isolated_in_a_row=1000, isolated_in_1000=1000)


def records(*offsets: int, size: int = 1) -> list[Record]:
    return [Record("entries", 0, offset, 0, b"", b"x" * size) for offset in offsets]


class Database:
    """Applies whole batches or nothing; fails with `error` on those that hold one of the `bad` offsets."""

    def __init__(self, bad: Collection[int], error: Exception) -> None:
        self.bad, self.error = bad, error
        self.applied: list[int] = []
        self.aside: list[int] = []
        self.calls = 0

    def apply(self, batch: Sequence[Record]) -> None:
        self.calls += 1
        if any(record.offset in self.bad for record in batch):
            raise self.error
        self.applied += [record.offset for record in batch]

    def set_aside(self, record: Record, reason: str) -> None:
        assert "secret" not in reason
        self.aside.append(record.offset)

    def run(self, *batches: Sequence[Record], settings: Settings = WIDE) -> None:
        isolation = Isolation(self.apply, self.set_aside, settings)
        for batch in batches:
            isolation.run(batch)


@given(st.sets(st.integers(0, 60)), st.integers(1, 61))
def test_exactly_the_bad_records_are_set_aside_and_the_others_applied_in_order(
    bad: set[int], count: int
) -> None:
    database = Database(bad, psycopg.DataError("secret"))
    database.run(records(*range(count)))
    assert database.aside == sorted(bad & set(range(count)))
    assert database.applied == sorted(set(range(count)) - bad)


def test_one_bad_record_in_a_thousand_costs_few_retries() -> None:
    database = Database({517}, ValueError("secret"))
    database.run(records(*range(1000)))
    assert (database.aside, database.calls) == ([517], 21)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.StringDataRightTruncation("secret"),
        psycopg.errors.NumericValueOutOfRange("secret"),
        psycopg.errors.UniqueViolation("secret"),
        psycopg.errors.ProgramLimitExceeded("secret"),
        PoisonError("size: larger than the topic's"),
        RecursionError("secret"),
        KeyError("secret"),
        UnicodeEncodeError("utf-8", "secret", 0, 1, "secret"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_what_a_record_may_cause_is_its_own(error: Exception) -> None:
    assert blames_a_record(error)


@pytest.mark.parametrize(
    "error",
    [
        FatalError("position"),
        RetryableError("Kafka"),
        psycopg.OperationalError("connection lost"),
        psycopg.InterfaceError("closed"),
        psycopg.errors.LockNotAvailable("lock timeout"),
        psycopg.errors.SerializationFailure("again"),
        psycopg.errors.DeadlockDetected("again"),
        psycopg.errors.QueryCanceled("statement timeout"),
        psycopg.errors.DiskFull("full"),
        psycopg.errors.UndefinedTable("a migration is missing"),
        psycopg.errors.InsufficientPrivilege("a grant is missing"),
        OSError("network"),
        MemoryError(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_what_no_record_causes_ends_the_process_and_sets_nothing_aside(error: Exception) -> None:
    database = Database({3}, error)
    with pytest.raises(type(error)):
        database.run(records(*range(8)))
    assert database.aside == []


def test_a_bad_deployment_diverts_no_more_records_than_the_fuse_lets_through() -> None:
    database = Database(range(1000), ValueError("secret"))
    with pytest.raises(FatalError, match=r"docs/runbook/isolation-fuse\.md"):
        database.run(records(*range(1000)), settings=Settings(isolated_in_a_row=10))
    assert database.aside == list(range(10))


def test_a_share_of_bad_records_stops_the_process_too() -> None:
    database = Database(range(0, 1000, 4), ValueError("secret"))
    with pytest.raises(FatalError):
        database.run(records(*range(1000)), settings=Settings(isolated_in_1000=50))
    assert len(database.aside) == 50


def test_bad_records_far_apart_and_in_other_partitions_do_not_add_up() -> None:
    fuse = Fuse(in_a_row=1, in_window=2)
    for offset in range(0, 5 * WINDOW, WINDOW):
        fuse.check(records(offset)[0], "")
        fuse.check(Record("entries", 1, offset, 0, b"", b""), "")


def test_what_was_set_aside_before_a_restart_counts() -> None:
    fuse = Fuse(in_a_row=2, in_window=100)
    fuse.remember("entries", 0, [4, 5])
    with pytest.raises(FatalError):
        fuse.check(records(6)[0], "")
    fuse.check(records(7)[0], "")


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 100))
def test_parts_keep_order_and_bounds(sizes: list[int], most: int) -> None:
    batch = [records(n, size=size)[0] for n, size in enumerate(sizes)]
    found = list(parts(batch, most))
    assert [one for part in found for one in part] == batch
    assert all(len(part) == 1 or sum(map(size_of, part)) <= most for part in found)
    assert all(found)
