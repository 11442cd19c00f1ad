"""Arrivals: duplicates, amendments, late versions, conflicts, poison, replays; every record accounted for."""

import hashlib
from dataclasses import replace

import pytest

from recordgate_runtime.positions import Span
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import EntryId
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, access, entry, registered
from tests.support.ledger import PARTITION, Ledger

OTHER_BODY = b'{"resourceType":"Encounter","id":"e0","note":[{"text":"Seen yesterday"}]}'


def test_an_entry_of_a_registered_patient_is_released_and_accounted_for(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())

    assert ledger.view() == {"A82038/emis/e0": 1}
    assert ledger.account().sentence().endswith("accepted 1 = sum of outcomes; unaccounted 0")


def test_an_entry_before_its_patient_is_known_is_held_and_released_when_the_controls_come(
    ledger: Ledger,
) -> None:
    ledger.publish(entry())
    before = ledger.outcome("A82038/emis/e0")
    ledger.say(registered(), access())

    assert before == ("HELD", "STATE_UNKNOWN")
    assert ledger.outcome("A82038/emis/e0") == ("RELEASED", None)
    assert ledger.markers() == [1]


def test_the_same_version_again_is_a_duplicate_and_changes_nothing(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(), entry())
    ledger.publish(entry())

    assert (ledger.account().accepted, ledger.account().duplicate) == (1, 2)
    assert len(ledger.broker.messages("released")) - len(ledger.markers()) == 1


def test_an_amendment_takes_the_place_of_the_old_version_which_never_returns(
    ledger: Ledger,
) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry(version=1), entry(version=2))
    ledger.publish(entry(version=1))

    assert ledger.view() == {"A82038/emis/e0": 2}
    assert (ledger.account().accepted, ledger.account().superseded) == (1, 2)


@pytest.mark.parametrize("together", [True, False])
def test_two_contents_under_one_version_are_held_until_a_higher_version_settles_it(
    ledger: Ledger, *, together: bool
) -> None:
    ledger.say(registered(), access())
    one, other = entry(), entry(body=OTHER_BODY)
    if together:
        ledger.publish(one, other)
    else:
        ledger.publish(one)
        ledger.publish(other)
    conflict, seen = ledger.outcome("A82038/emis/e0"), ledger.view()
    ledger.publish(entry(version=2))

    assert conflict == ("HELD", "CONFLICT")
    assert seen == {}
    assert ledger.view() == {"A82038/emis/e0": 2}
    assert ledger.account().unaccounted == 0


def test_a_body_that_is_not_what_its_hash_says_is_held(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    liar = entry(entry_id=EntryId("liar"), body_sha256=hashlib.sha256(b"other").digest())
    ledger.publish(liar, entry())

    assert ledger.outcome("liar") == ("HELD", "BODY_MISMATCH")
    assert ledger.view() == {"A82038/emis/e0": 1}


def test_poison_is_quarantined_and_its_neighbours_go_through(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    good = ledger.record(ENTRIES, entry())
    poison = ledger.raw(ENTRIES, b"\xc3\x01 not an entry", NHS_NUMBER.digits.encode())
    wrong_key = ledger.raw(ENTRIES, good.value or b"", OTHER_NUMBER.digits.encode())
    after = ledger.record(ENTRIES, entry(entry_id=EntryId("after")))
    ledger.entries.process_batch([good, poison, wrong_key, after])

    assert ledger.view() == {"A82038/emis/e0": 1, "after": 1}
    assert ledger.account().quarantined == 2
    assert ledger.account().unaccounted == 0
    assert [m.offset for m in ledger.broker.messages("quarantined")] == [1, 2]


def test_a_replay_from_the_beginning_changes_nothing(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    records = ledger.publish(entry(), entry(version=2))
    before = (ledger.account(), len(ledger.broker.sent))
    ledger.entries.process_batch(records)

    assert (ledger.account(), len(ledger.broker.sent)) == before


def test_a_gap_in_the_log_stops_the_lane(ledger: Ledger) -> None:
    ledger.record(ENTRIES, entry())
    later = ledger.record(ENTRIES, entry(version=2))

    with pytest.raises(FatalError, match="records are missing"):
        ledger.entries.process_batch([later])


def test_offsets_that_hold_no_record_are_passed_over_and_not_received(ledger: Ledger) -> None:
    ledger.record(ENTRIES, entry())
    ledger.record(ENTRIES, entry(version=2))
    first = replace(ledger.record(ENTRIES, entry(version=3)), gap_from=0)
    ledger.entries.process_batch([first])
    ledger.entries.pass_over([Span("entries", PARTITION, 2, 4)])  # not yet: it places at 3
    ledger.entries.pass_over([Span("entries", PARTITION, 3, 5)])

    assert ledger.account().sentence().startswith("conservation: received 1 = accepted 1")
    assert ledger.account().unaccounted == 0
    stood = ledger.owner.execute("select next_offset, last_offset from source_position")
    assert (5, 2) in stood.fetchall()
    holes = ledger.owner.execute("select records from account where kind = 'hole'").fetchall()
    assert holes == [(4,)]


def test_a_zombie_with_the_same_batch_changes_nothing(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    zombie = ledger.entries_lane()
    records = ledger.publish(entry())
    before = ledger.account()
    zombie.process_batch(records)

    assert ledger.account() == before


@pytest.mark.parametrize("liar_first", [True, False])
def test_of_two_equal_envelopes_one_of_which_lies_about_its_body_neither_is_shown(
    ledger: Ledger, *, liar_first: bool
) -> None:
    honest, liar = entry(), replace(entry(), body=OTHER_BODY)
    ledger.say(registered(), access())
    ledger.publish(*((liar, honest) if liar_first else (honest, liar)))

    assert ledger.view() == {}
    assert ledger.outcome("A82038/emis/e0")[0] == "HELD"
    assert ledger.account().unaccounted == 0


def test_an_amendment_without_a_body_does_not_inherit_the_old_one(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    ledger.publish(entry())
    ledger.publish(entry(version=2, body=b""))

    row = ledger.owner.execute("select version, body from entry").fetchone()
    assert row is not None
    assert (row[0], bytes(row[1])) == (2, b"")
    assert ledger.outcome("A82038/emis/e0") == ("HELD", "BODY_MISMATCH")
