"""Records that cannot be understood are set aside with the rule they broke; the rest goes on."""

import pytest

from recordgate_runtime.kafka import Record
from recordgate_schemas import codec
from recordgate_schemas.topics import ENTRIES
from recordgate_streams.lanes.records import decode_all, patient_of
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, entry

KEY = NHS_NUMBER.digits.encode()
GOOD = codec.encode(ENTRIES, entry())


def record(value: bytes | None = GOOD, key: bytes | None = KEY, offset: int = 0) -> Record:
    return Record("entries", 0, offset, 0, key, value)


BAD = {
    "no value": record(value=None),
    "cut short": record(value=GOOD[:-1]),
    "another patient's key": record(key=OTHER_NUMBER.digits.encode()),
    "no key": record(key=None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_record_is_set_aside_that_has(name: str) -> None:
    good, bad = decode_all(ENTRIES, [BAD[name]])
    assert ([], [BAD[name]]) == (good, [r for r, _ in bad])
    assert NHS_NUMBER.digits not in bad[0][1]


def test_one_bad_record_does_not_stop_the_others() -> None:
    first, second, third = record(offset=1), record(value=b"x", offset=2), record(offset=3)
    good, bad = decode_all(ENTRIES, [first, second, third])
    assert ([r.offset for r, _ in good], [r.offset for r, _ in bad]) == ([1, 3], [2])


def test_an_unreadable_record_is_about_the_patient_of_its_key() -> None:
    assert patient_of(record(value=b"x")) == NHS_NUMBER


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"9990000019"])
def test_an_unreadable_record_whose_key_is_no_nhs_number_is_about_nobody(key: bytes | None) -> None:
    assert patient_of(record(key=key)) is None
