"""A record that the ledger refuses, or that no code can process, is set aside alone; the others of its batch go on."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from recordgate_schemas.control import AccessDeclined, EntryHidden, HideCause
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import EntryId
from recordgate_streams.bodies.reader import BodyReader
from tests.support.builders import OTHER_NUMBER, access, control, entry, registered
from tests.support.ledger import Crash, Ledger

REFUSES = {"entry": "entry_id not like 'bad%'", "entry_mark": "entry_id not like 'bad%'"}


@pytest.fixture
def refusing(ledger: Ledger) -> Iterator[Ledger]:
    """A ledger whose tables refuse entries named bad: what the next unknown data error will look like."""
    for table, check in REFUSES.items():
        ledger.owner.execute(f"alter table {table} add constraint refuses check ({check})".encode())
    ledger.say(registered(), access())
    yield ledger
    for table in REFUSES:
        ledger.owner.execute(f"alter table {table} drop constraint refuses".encode())


def named(*names: str) -> list[ClinicalEntry]:
    return [entry(entry_id=EntryId(name)) for name in names]


def quarantined(ledger: Ledger) -> list[tuple[str, int]]:
    rows = ledger.owner.execute("select topic, record_offset from quarantine order by 1, 2")
    return [(topic, offset) for topic, offset in rows]


def test_one_refused_entry_leaves_the_others_of_its_batch_released(refusing: Ledger) -> None:
    refusing.publish(*named("a", "b", "bad", "c", "d"))
    assert set(refusing.view()) == {"a", "b", "c", "d"}
    assert quarantined(refusing) == [(ENTRIES.name, 2)]
    assert (refusing.account().quarantined, refusing.account().unaccounted) == (1, 0)
    [notice] = refusing.broker.messages("quarantined")
    assert notice.error.startswith("isolated: CheckViolation at ")


def test_a_refused_control_holds_its_patient_as_an_unreadable_one_does(refusing: Ledger) -> None:
    refusing.publish(*named("a"))
    refusing.say(EntryHidden(EntryId("bad"), (), HideCause.NOPAT), registered())
    assert quarantined(refusing) == [(CONTROLS.name, 2)]
    assert refusing.outcome("a") == ("HELD", "STATE_UNKNOWN")
    assert refusing.markers()[-1] == 3


def test_an_entry_that_breaks_our_own_code_is_set_aside(ledger: Ledger) -> None:
    class Breaking(BodyReader):
        def mismatch(self, entry: ClinicalEntry) -> bool:
            if entry.entry_id == "bad":
                raise RecursionError
            return super().mismatch(entry)

    ledger.say(registered(), access())
    ledger.entries = ledger.entries_lane(Breaking())
    ledger.publish(*named("a", "bad", "c"))
    assert set(ledger.view()) == {"a", "c"}
    assert quarantined(ledger) == [(ENTRIES.name, 1)]


def test_the_fuse_counts_through_restarts_and_one_good_record_ends_the_row(
    refusing: Ledger,
) -> None:
    refusing.limits = {"isolated_in_a_row": 2}
    refusing.restart()
    refusing.publish(*named("bad1", "bad2"))
    records = [refusing.record(ENTRIES, one) for one in named("bad3", "good", "bad4")]
    for _ in range(3):
        refusing.restart()
        with pytest.raises(FatalError, match=r"docs/runbook/isolation-fuse\.md"):
            refusing.entries.process_batch(records)
    assert len(quarantined(refusing)) == 2
    refusing.owner.execute("alter table entry drop constraint refuses")
    refusing.owner.execute("alter table entry add constraint refuses check (entry_id <> 'bad4')")
    refusing.entries.process_batch(records)
    assert {*refusing.view()} == {"bad3", "good"}
    assert quarantined(refusing) == [(ENTRIES.name, offset) for offset in (0, 1, 4)]


def test_what_no_record_is_to_blame_for_ends_the_process_and_sets_nothing_aside(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.broker.crash_after = 0
    with pytest.raises(Crash):
        ledger.publish(*named("a"))
    assert quarantined(ledger) == []


def test_what_fails_after_the_commit_is_no_records_fault_and_is_published_at_the_next_start(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.broker.crash_after, ledger.broker.fault = 0, TypeError("a publisher out of order")
    with pytest.raises(RetryableError, match="TypeError"):
        ledger.publish(*named("a"))
    assert quarantined(ledger) == []
    ledger.broker.crash_after = None
    ledger.restart()
    assert set(ledger.view()) == {"a"}


def test_a_batch_is_cut_by_bytes_into_transactions(ledger: Ledger) -> None:
    ledger.limits = {"batch_bytes": 4096}
    ledger.restart()
    ledger.say(registered(), access())
    before = _commits(ledger)
    ledger.publish(*named(*(f"e{n}" for n in range(20))))
    assert len(ledger.view()) == 20
    assert _commits(ledger) - before > 1


def _commits(ledger: Ledger) -> int:
    """How many transactions have stored decisions."""
    rows = ledger.owner.execute("select count(distinct xmin::text) from entry").fetchone()
    return int(rows[0]) if rows else 0


def test_a_control_and_an_entry_larger_than_the_bound_are_alone_and_go_through(
    ledger: Ledger,
) -> None:
    ledger.limits = {"batch_bytes": 1024}
    ledger.restart()
    related = tuple(EntryId(f"relative-{n:04}") for n in range(500))
    ledger.say(registered(), access(), control(EntryHidden(EntryId("x"), related, HideCause.NOPAT)))
    ledger.publish(*named("a", "b"))
    assert set(ledger.view()) == {"a", "b"}


def test_a_patient_who_cannot_be_decided_again_keeps_the_fence_and_the_others_go_on(
    ledger: Ledger,
) -> None:
    """The ledger refuses one patient's decision; no marker lifts the fence until it was decided."""
    others = [replace(control(c), nhs_number=OTHER_NUMBER) for c in (registered(), access())]
    ledger.say(registered(), access(), *others)
    ledger.publish(*named("bad"), entry(entry_id=EntryId("o"), nhs_number=OTHER_NUMBER))
    before = ledger.markers()
    check = "check (entry_id <> 'bad' or outcome = 'RELEASED')"
    ledger.owner.execute(f"alter table entry add constraint refuses {check}".encode())
    try:
        declined = control(AccessDeclined())
        ledger.say(declined, replace(declined, nhs_number=OTHER_NUMBER))
        assert ledger.outcome("o") == ("NOT_ELIGIBLE", "DECLINED")
        assert ledger.outcome("bad") == ("RELEASED", None)
        assert ledger.markers() == before
    finally:
        ledger.owner.execute("alter table entry drop constraint refuses")
    ledger.restart()
    assert ledger.outcome("bad") == ("NOT_ELIGIBLE", "DECLINED")
    assert ledger.markers() == [*before, 4]
