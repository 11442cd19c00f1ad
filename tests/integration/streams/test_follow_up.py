"""What concerns a whole record is followed up in pages: transactions are bounded, the patient is dark meanwhile."""

import pytest

from recordgate_consumers.view.gate_lane import GateLane
from recordgate_schemas.entry import ClinicalEntry, Coding, Link, Relation, ThirdParty
from recordgate_schemas.messages import Closed, Redecided, Release, Retract
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import EntryId
from recordgate_streams.policy.settings import Signal
from tests.integration.streams.test_hidden_relatives import Both
from tests.support.builders import (
    NHS_NUMBER,
    OTHER_NUMBER,
    PARTNER,
    RULESET,
    control,
    entry,
    granted,
)
from tests.support.clock import FrozenClock
from tests.support.consumers import NOW, apply
from tests.support.ledger import PARTITION, Crash

pytest_plugins = ("tests.integration.streams.test_hidden_relatives",)
RECORD = 120
PAGE = 10
SIGNAL = next(
    code for code, found in RULESET.settings.signals.items() if Signal.REVIEW_104 in found
)


def record(both: Both) -> None:
    """P0 reads a long record; pages are short."""
    both.publish(*(entry(entry_id=EntryId(f"e{n:04}")) for n in range(RECORD)))
    both.ledger.page_entries = PAGE
    both.ledger.restart()
    assert both.reads() == RECORD + 2


def coded(version: int = 1) -> ClinicalEntry:
    """Return an entry whose code concerns the whole patient: all entries since are held."""
    return entry(
        entry_id=EntryId("coded"),
        version=version,
        codes=(Coding("http://snomed.info/sct", SIGNAL),),
    )


def decided(both: Both) -> list[object]:
    return [
        m.change for m in both.ledger.broker.messages() if isinstance(m.change, Release | Retract)
    ]


def test_a_code_about_the_whole_patient_decides_no_more_than_a_page_in_its_transaction(
    both: Both,
) -> None:
    record(both)
    before = len(decided(both))
    both.publish(coded())
    assert len(decided(both)) - before <= PAGE + 1
    assert both.reads() == 0
    both.ledger.controls.tick([PARTITION])
    both.sync()
    held = {
        e
        for (e,) in both.ledger.owner.execute(
            "select entry_id from current_decision where outcome = 'HELD'"
        )
    }
    assert len(held) == RECORD + 3
    assert both.reads() == 0
    assert both.ledger.owner.execute("select count(*) from redecision").fetchone() == (0,)


def test_until_the_pages_are_done_the_patient_is_dark_and_then_reads_what_is_right(
    both: Both,
) -> None:
    record(both)
    both.publish(coded())
    for left in range(0, 60, 7):
        both.ledger.broker.crash_after = left
        with pytest.raises(Crash):
            both.ledger.restart()
        both.sync()
        assert both.reads() == 0
    both.ledger.broker.crash_after = None
    both.ledger.restart()
    both.publish(entry(entry_id=EntryId("coded"), version=2))
    assert both.reads() == 0
    for _ in range(3):
        both.ledger.controls.tick([PARTITION])
        both.sync()
    assert both.reads() == RECORD + 3


def test_the_marker_names_the_closing_and_both_are_sent_again_as_they_were(both: Both) -> None:
    record(both)
    both.publish(coded())
    both.ledger.controls.tick([PARTITION])
    messages = both.ledger.broker.messages()
    closings = [m.sequence for m in messages if isinstance(m.change, Closed)]
    lifts = [m.change.lifts for m in messages if isinstance(m.change, Redecided)]
    assert closings
    assert lifts[-1] == max(closings)


def test_another_patient_reads_on(both: Both) -> None:
    record(both)
    both.publish(coded())
    assert (both.reads(), both.reads(OTHER_NUMBER)) == (0, 1)


def test_a_new_proxy_reads_nothing_before_every_entry_was_decided_for_it(both: Both) -> None:
    """The child's page comes before its root's, and the record is larger than a page: alone it looks harmless."""
    root = entry(entry_id=EntryId("z-root"), third_party=ThirdParty.PRESENT)
    part_of = (Link(root.entry_id, Relation.PART_OF),)
    both.publish(root, entry(entry_id=EntryId("a-child"), version=7, links=part_of))
    both.ledger.page_entries = 1
    both.ledger.restart()
    grant = both.ledger.record(CONTROLS, control(granted()))
    apply(both.view.gate, GateLane(FrozenClock(NOW)), CONTROLS, [grant])
    before = len(both.ledger.broker.sent)
    both.ledger.controls.process_batch([grant])
    for _ in range(3):
        both.ledger.controls.tick([PARTITION])
    sent = both.ledger.broker.sent
    messages = sent[before:]
    del sent[before:]
    versions: list[tuple[int, ...]] = []
    for message in messages:
        sent.append(message)
        both.sync()
        versions.append(tuple(one.version for one in both.view.visible(NHS_NUMBER, PARTNER)))
    assert sum(m.topic == RELEASED.name for m in messages) > 3
    assert set(versions) == {(), (1, 1)}
    assert versions[-1] == (1, 1)
