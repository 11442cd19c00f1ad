"""The largest records that the schemas allow go through both lanes, and what follows from them fits its topic."""

import hashlib
from dataclasses import replace
from typing import get_args

import pytest

from recordgate_schemas.control import Change, Control, EntryHidden, RecordSnapshot
from recordgate_schemas.entry import ClinicalEntry, Coding
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.messages import HoldOpened, Release
from recordgate_schemas.topics import BY_NAME, CONTROLS, ENTRIES
from recordgate_schemas.values import EntryId
from tests.support.builders import NHS_NUMBER, NOW, access, entry, registered
from tests.support.largest import LARGEST, largest
from tests.support.ledger import Ledger

LONG_ID = LARGEST[EntryId]


def largest_entry() -> ClinicalEntry:
    """Every field as long as it may be, but for its lists, whose items share what a record may hold."""
    coding = largest(Coding)
    filled = entry(
        entry_id=LONG_ID,
        version=int(NOW.timestamp() * 1000),
        system="s" * 255,
        codes=(coding,) * 100,
        labels=(coding,) * 100,
        body_type="application/fhir+json".ljust(255, "x"),
    )
    room = ENTRIES.max_bytes - 430_000
    body = b'{"resourceType":"Encounter","id":"' + b"i" * room + b'"}'
    return replace(filled, body=body, body_sha256=hashlib.sha256(body).digest())


def test_the_largest_entry_is_held_with_all_of_it(ledger: Ledger) -> None:
    sent = largest_entry()
    ledger.publish(sent)
    [hold] = [m.change for m in ledger.broker.messages("held") if isinstance(m.change, HoldOpened)]
    assert (hold.entry_id, len(hold.body)) == (LONG_ID, len(sent.body))
    assert all(len(m.value) <= BY_NAME[m.topic].max_bytes for m in ledger.broker.sent)


def test_the_largest_entry_is_released_with_all_of_it(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    sent = replace(largest_entry(), codes=(), labels=(), body_type="application/fhir+json")
    ledger.publish(sent)
    assert ledger.outcome(LONG_ID) == ("RELEASED", None)
    [release] = [m.change for m in ledger.broker.messages() if isinstance(m.change, Release)]
    assert len(release.body) == len(sent.body)


@pytest.mark.parametrize("change", get_args(Change), ids=lambda c: c.__name__)
def test_the_largest_control_is_folded_whatever_it_changes(ledger: Ledger, change: type) -> None:
    small = {"entry_ids": (LONG_ID,) * 10_000} if change is RecordSnapshot else {}
    ledger.say(largest(Control, change=largest(change, **small), effective_at=NOW))
    assert ledger.markers() == [0]


def test_a_text_too_long_for_an_index_is_not_published(ledger: Ledger) -> None:
    with pytest.raises(PoisonError, match="system: has more than 255 bytes"):
        ledger.publish(entry(system="s" * 3_000))


def test_a_notice_has_no_key_however_large_the_key_of_its_record(ledger: Ledger) -> None:
    records = [ledger.raw(topic, b"junk", b"9" * 100_000) for topic in (ENTRIES, CONTROLS)]
    ledger.entries.process_batch(records[:1])
    ledger.controls.process_batch(records[1:])
    ledger.entries.process_batch([ledger.raw(ENTRIES, b"junk", NHS_NUMBER.digits.encode())])
    assert [m.key for m in ledger.broker.sent if m.topic == "quarantined"] == [b"", b"", b""]


def test_the_most_relatives_that_a_hide_may_name_are_decided(ledger: Ledger) -> None:
    related = tuple(EntryId(f"related-{n:05}") for n in range(10_000))
    ledger.say(EntryHidden(EntryId("e"), related, largest(EntryHidden).cause))
    assert ledger.markers() == [0]
