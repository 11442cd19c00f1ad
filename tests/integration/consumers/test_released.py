"""What the view keeps of released messages, and what it makes of records it cannot read."""

from datetime import UTC, datetime, timedelta

import pytest

from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime.metrics import MARKERS_WAITING, POISON
from recordgate_schemas.control import (
    AccessResumed,
    AccessSuspended,
    Died,
)
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import proxy
from tests.support.clock import FrozenClock
from tests.support.consumers import (
    NOW,
    apply,
    control,
    patient,
    record,
    redecided,
    registered,
    release,
    retract,
)
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)
G1 = proxy("g1")
ONE = [b"one"]
PAST, FUTURE = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 9000))


def poison_count(topic: str) -> float:
    return float(POISON.labels(topic)._value.get())


def test_an_older_release_never_replaces_a_newer_one(shown: ViewDatabase) -> None:
    shown.publish(release(5, ALICE, body=b"five"))
    shown.publish(release(3, ALICE, body=b"three"))
    assert shown.bodies(ALICE) == [b"five"]


def test_a_retraction_keeps_a_tombstone_and_drops_the_content(shown: ViewDatabase) -> None:
    before = shown.visible(ALICE)[0].public_id
    shown.publish(release(4, ALICE, body=b"while it lasts", valid_until=FUTURE))
    shown.publish(retract(5, ALICE))
    assert shown.bodies(ALICE) == []
    row = shown.owner.execute(
        "select sequence, public_id, num_nonnulls(version, kind, event_date, recorded_at, redacted,"
        " valid_until, body, body_type, body_sha256) from released_entry"
    ).fetchone()
    assert row == (5, before, 0)
    shown.publish(release(4, ALICE, body=b"late"))
    assert shown.bodies(ALICE) == []
    shown.publish(release(6, ALICE, body=b"again"))
    assert [(e.body, e.public_id) for e in shown.visible(ALICE)] == [(b"again", before)]


def test_a_decision_nobody_renewed_in_time_is_dark_and_its_neighbours_are_not(
    shown: ViewDatabase,
) -> None:
    shown.publish(
        release(2, ALICE, "e2", body=b"ran out", valid_until=PAST),
        release(3, ALICE, "e3", body=b"runs", valid_until=FUTURE, event_date=None),
    )
    assert shown.bodies(ALICE) == [b"one", b"runs"]


def test_a_decision_that_ran_out_is_renewed_by_a_newer_one_only(shown: ViewDatabase) -> None:
    shown.publish(release(3, ALICE, body=b"ran out", valid_until=PAST))
    shown.publish(release(2, ALICE, body=b"older", valid_until=FUTURE))
    shown.publish(redecided(4, ALICE, shown.control(AccessResumed(), ALICE)))
    assert shown.bodies(ALICE) == []  # neither an older message nor a marker renews it
    shown.publish(release(5, ALICE, body=b"renewed", valid_until=FUTURE))
    assert shown.bodies(ALICE) == [b"renewed"]
    shown.publish(release(6, ALICE, body=b"for ever"))
    assert shown.bodies(ALICE) == [b"for ever"]


def test_a_decision_ends_at_its_very_instant(shown: ViewDatabase) -> None:
    """The reader's clock is the database's, which stands still within a transaction."""
    with shown.reader.transaction():
        row = shown.reader.execute("select now()").fetchone()
        assert row is not None
        for sequence, until, visible in (
            (2, row[0] + timedelta(microseconds=1), [b"2"]),
            (3, row[0], []),
        ):
            body = f"{sequence}".encode()
            shown.publish(release(sequence, ALICE, body=body, valid_until=until))
            assert shown.bodies(ALICE) == visible


def test_a_retraction_may_come_first(shown: ViewDatabase) -> None:
    shown.publish(retract(5, ALICE, "e7"))
    shown.publish(release(4, ALICE, "e7", body=b"late"))
    assert shown.bodies(ALICE) == ONE


def test_a_body_that_does_not_match_its_hash_is_not_stored_and_retracts(
    shown: ViewDatabase,
) -> None:
    before = poison_count(RELEASED.name)
    shown.publish(release(2, ALICE, body=b"forged", sha256=b"\0" * 32))
    assert shown.bodies(ALICE) == []
    assert poison_count(RELEASED.name) == before + 1
    position = shown.control(registered(), ALICE)
    shown.publish(release(4, ALICE, "e2", body=b"two"), redecided(3, ALICE, position))
    assert shown.bodies(ALICE) == [b"two"]  # its sequence number counts


def test_a_message_nobody_can_read_leaves_a_gap_that_markers_wait_at(shown: ViewDatabase) -> None:
    position = shown.control(registered(), ALICE)
    before = poison_count(RELEASED.name)
    garbage = record(RELEASED, b"\xc3\x01garbage...", ALICE.digits, offset=shown.released)
    apply(shown.sink, ViewSink(FrozenClock(NOW)), RELEASED, [garbage])
    shown.released += 1
    shown.publish(redecided(3, ALICE, position))
    assert poison_count(RELEASED.name) == before + 1
    assert shown.bodies(ALICE) == []
    assert MARKERS_WAITING._value.get() == 1
    shown.publish(retract(2, ALICE, "e9"))
    assert MARKERS_WAITING._value.get() == 0
    assert shown.bodies(ALICE) == ONE


def test_a_control_nobody_can_read_closes_its_patient(shown: ViewDatabase) -> None:
    before = poison_count(CONTROLS.name)
    shown.apply_controls([record(CONTROLS, b"garbage", ALICE.digits, offset=shown.controls)])
    assert poison_count(CONTROLS.name) == before + 1
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(2, ALICE, shown.controls - 1))
    assert shown.bodies(ALICE) == ONE


def test_a_control_under_another_patients_key_closes_the_key_and_changes_nothing_else(
    shown: ViewDatabase,
) -> None:
    shown.control(registered(), BOB)
    shown.publish(release(2, BOB, under=1, body=b"bob"))
    wrong = control(Died(None), BOB, offset=shown.controls)
    value = record(CONTROLS, wrong.value, ALICE.digits, offset=shown.controls)
    shown.apply_controls([value])
    assert shown.bodies(ALICE) == []
    assert shown.bodies(BOB) == [b"bob"]
    shown.publish(redecided(3, ALICE, shown.controls - 1))
    assert shown.bodies(ALICE) == ONE


@pytest.mark.parametrize("key", ["", "1234567890", "not a number", "99900000é7"])
def test_a_control_under_no_patients_key_is_counted_and_passed_over(
    shown: ViewDatabase, key: str
) -> None:
    before = poison_count(CONTROLS.name)
    good = control(AccessSuspended(), ALICE, offset=shown.controls + 1)
    shown.apply_controls([record(CONTROLS, good.value, key, offset=shown.controls), good])
    assert poison_count(CONTROLS.name) == before + 1
    assert shown.bodies(ALICE) == []
