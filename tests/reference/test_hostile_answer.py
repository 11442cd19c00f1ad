"""The hostile run's judge finds what it is there to find, and its traffic is the same for the same seed."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from random import Random
from uuid import uuid4

import pytest

from recordgate_audit.model import Judgement
from recordgate_consumers.view.read import VisibleEntry
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.control import Control, EntryHidden, HideCause
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import NhsNumber
from tests.hostile.answer import Told, told
from tests.hostile.compare import Verdict, judge
from tests.hostile.histories import Sent, mark, patients
from tests.hostile.mutations import MUTATIONS, mutated
from tests.hostile.traffic import home_of

NOW = datetime(2026, 11, 28, tzinfo=UTC)
PARTITIONS = 4
PLACE = ("e0", "self")
ALLOWED = {PLACE: Judgement("RELEASED_REDACTED", frozenset(), frozenset({"/note"}))}


def in_the_log(sent: Sent, offset: int) -> Record:
    home = home_of(sent.key, PARTITIONS)
    partition = home if sent.partition is None else sent.partition % PARTITIONS
    return Record(sent.topic.name, partition, offset, 1_790_000_000_000, sent.key, sent.value, 4)


def simulated() -> tuple[NhsNumber, list[Sent]]:
    """The first patient who sees all entries: no label, no hide."""
    for number, records in islice(patients(1), 50):
        one = told(in_the_log(sent, n) for n, sent in enumerate(records))[number]
        if len(one.allowed(NOW)) == 6:
            return number, records
    raise AssertionError("nobody sees everything")


def test_what_lies_in_the_topics_is_allowed_and_a_hide_takes_its_entry_away() -> None:
    number, records = simulated()
    entry_id = codec.decode(records[2].topic, records[2].value).entry_id
    hide = Control("h", number, NOW, "test", EntryHidden(entry_id, (), HideCause.NOPAT))
    records = [*records, Sent(CONTROLS, number.key, codec.encode(CONTROLS, hide))]
    one = told(in_the_log(sent, n) for n, sent in enumerate(records))[number]
    assert (entry_id, "self") not in one.allowed(NOW)
    assert len(one.allowed(NOW)) == 5
    assert not one.astray


@pytest.mark.parametrize("wrong", ["partition", "key", "value"])
def test_a_control_that_is_wrong_in_any_way_says_nothing_and_its_patient_is_excepted(
    wrong: str,
) -> None:
    number, records = simulated()
    place = next(n for n, sent in enumerate(records) if sent.topic is CONTROLS)
    changed = {
        "partition": {"partition": (home_of(number.key, PARTITIONS) + 1) % PARTITIONS},
        "key": {"key": b"nobody"},
        "value": {"value": b"\xc3\x01"},
    }[wrong]
    records[place] = replace(records[place], **changed)  # type: ignore[arg-type]
    one = told(in_the_log(sent, n) for n, sent in enumerate(records))[number]
    assert one.astray
    assert one.allowed(NOW) == {}


def visible(body: bytes, version: int = 2) -> VisibleEntry:
    return VisibleEntry(uuid4(), "consultation", None, None, False, body, "json", version)


@pytest.mark.parametrize(
    ("allowed", "seen", "leaked", "dark"),
    [
        (ALLOWED, {PLACE: visible(b"{}")}, "", 0),
        (ALLOWED, {}, "", 1),
        ({}, {PLACE: visible(b"{}")}, "must not be", 0),
        (ALLOWED, {PLACE: visible(b"{}", version=1)}, "another version", 0),
        (ALLOWED, {PLACE: visible(mark("/note").encode())}, "had to be dropped", 0),
    ],
)
def test_a_leak_and_what_is_dark_without_cause_are_found(
    allowed: dict[tuple[str, str], Judgement],
    seen: dict[tuple[str, str], VisibleEntry],
    leaked: str,
    dark: int,
) -> None:
    verdict, one = Verdict(), Told(versions={"e0": 2}, coordinates=["entries/0/1"])
    judge(verdict, one, allowed, seen)
    assert [leaked in found for found in verdict.leaked] == ([True] if leaked else [])
    assert len(verdict.dark) == dark


def test_the_same_seed_makes_the_same_records_with_every_mutation() -> None:
    def made() -> list[Sent]:
        rng = Random(3)
        some = list(islice(patients(3), 20))
        numbers = [number for number, _ in some]
        return [
            found
            for _, records in some
            for record in records
            for found in mutated(rng, record, numbers)
        ]

    assert made() == made()
    assert {one.how for one in made()} >= set(MUTATIONS)
