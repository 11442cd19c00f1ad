"""The simulator: valid numbers nobody has, the same for the same seed, entries of a life-like size."""

import hashlib
from itertools import islice

import orjson

from recordgate_producers.simulator import SimulatedPatient, never_issued, simulate
from recordgate_schemas import codec
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import NhsNumber, parse_entry_id


def made(seed: int = 1) -> list[SimulatedPatient]:
    return list(simulate(5, 20, seed))


def test_numbers_are_valid_never_issued_and_all_different() -> None:
    numbers = list(islice(never_issued(), 5000))
    assert all(NhsNumber.parse(one.digits) == one for one in numbers)
    assert all(one.digits.startswith("999") for one in numbers)
    assert len(set(numbers)) == 5000


def test_the_same_seed_gives_the_same_practice_and_another_seed_another_one() -> None:
    assert made() == made()
    assert made() != made(2)


def test_every_message_encodes_and_every_entry_is_about_one_kilobyte() -> None:
    for patient in made():
        for control in patient.controls:
            assert codec.decode(CONTROLS, codec.encode(CONTROLS, control)) == control
        for entry in patient.entries:
            data = codec.encode(ENTRIES, entry)
            assert codec.decode(ENTRIES, data) == entry
            assert 950 < len(data) < 1250


def test_entries_are_whole() -> None:
    entries = [entry for patient in made() for entry in patient.entries]
    assert len({entry.entry_id for entry in entries}) == 100
    for entry in entries:
        assert parse_entry_id(entry.entry_id)
        assert hashlib.sha256(entry.body).digest() == entry.body_sha256
        assert orjson.dumps(orjson.loads(entry.body), option=orjson.OPT_SORT_KEYS) == entry.body
        assert entry.nhs_number.digits.encode() not in entry.body
