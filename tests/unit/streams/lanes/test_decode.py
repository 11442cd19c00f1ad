"""Records that cannot be decoded are quarantined with the reason; the rest of the batch goes on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from recordgate_runtime.record import Record
from recordgate_runtime.routing import partition_of
from recordgate_schemas import codec
from recordgate_schemas.topics import ENTRIES, Topic
from recordgate_streams.lanes.decode import Decoded, patient_of, read_batch
from recordgate_streams.ledger.unit_of_work import UnitOfWork
from tests.support.builders import NHS_NUMBER, NOW, OTHER_NUMBER, entry

KEY = NHS_NUMBER.key
GOOD = codec.encode(ENTRIES, entry())


class AllNew:
    """A transaction in which every record is new; remembers what is quarantined."""

    def __init__(self) -> None:
        self.quarantined: list[tuple[Record, str]] = []

    def claim_new_records(self, _: Topic, records: Sequence[Record]) -> list[Record]:
        return list(records)

    def quarantine(self, _: Topic, record: Record, reason: str) -> None:
        self.quarantined.append((record, reason))


def record(value: bytes | None = GOOD, key: bytes | None = KEY, offset: int = 0) -> Record:
    return Record("entries", 0, offset, int(NOW.timestamp() * 1000), key, value)


def read(*records: Record) -> tuple[list[Decoded], list[Record], list[tuple[Record, str]]]:
    work = AllNew()
    good, bad = read_batch(cast("UnitOfWork", work), ENTRIES, records)
    return good, bad, work.quarantined


BAD = {
    "no value": record(value=None),
    "cut short": record(value=GOOD[:-1]),
    "another patient's key": record(key=OTHER_NUMBER.key),
    "no key": record(key=None),
    "another practice's id": record(codec.encode(ENTRIES, entry(entry_id="B81001:emis:List/1"))),
}


@pytest.mark.parametrize("name", BAD)
def test_a_record_is_quarantined_that_has(name: str) -> None:
    good, bad, quarantined = read(BAD[name])
    assert (good, bad) == ([], [BAD[name]])
    ((set_aside, reason),) = quarantined
    assert set_aside == BAD[name]
    assert NHS_NUMBER.digits not in reason


def test_one_bad_record_does_not_stop_the_others() -> None:
    good, bad, _ = read(record(offset=1), record(value=b"x", offset=2), record(offset=3))
    assert ([r.offset for r, _ in good], [r.offset for r in bad]) == ([1, 3], [2])


def test_an_unreadable_record_is_about_the_patient_of_its_key() -> None:
    assert patient_of(record(value=b"x")) == NHS_NUMBER


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"9990000019"])
def test_an_unreadable_record_whose_key_is_no_nhs_number_is_about_nobody(key: bytes | None) -> None:
    assert patient_of(record(key=key)) is None


def test_a_record_outside_its_patients_partition_is_quarantined_and_about_nobody() -> None:
    astray = replace(record(), partition=1 - home_of_two(), partitions=2)
    _, bad, ((_, reason),) = read(astray)
    assert (bad, reason.split(":")[0]) == ([astray], "partition")
    assert patient_of(astray) is None


def home_of_two() -> int:
    return partition_of(NHS_NUMBER.key, 2)
