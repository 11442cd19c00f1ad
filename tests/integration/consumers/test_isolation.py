"""A message of ours that a reader's database refuses is set aside alone; what was safe before stays safe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from recordgate_runtime.metrics import ISOLATED
from recordgate_schemas.control import EntryHidden, HideCause
from recordgate_schemas.errors import FatalError
from recordgate_schemas.messages import Release
from recordgate_schemas.topics import CONTROLS, HELD, RELEASED
from recordgate_schemas.values import EntryId
from tests.support.consumers import control, opened, patient, redecided, registered, release
from tests.support.review import ReviewDatabase
from tests.support.view import ViewDatabase

ALICE, BEN = patient(1), patient(2)
TOO_LARGE = 2**63 - 1
"""A sequence number that no range of PostgreSQL can end after."""


@contextmanager
def refusing(owner: psycopg.Connection, table: str, column: str) -> Iterator[None]:
    owner.execute(f"alter table {table} add constraint refuses check ({column} <> 'bad')".encode())
    yield
    owner.execute(f"alter table {table} drop constraint refuses".encode())


def count(topic: str) -> float:
    return float(ISOLATED.labels(topic)._value.get())


def test_a_release_that_the_view_refuses_keeps_its_number_open_and_the_others_are_shown(
    shown: ViewDatabase,
) -> None:
    before = count(RELEASED.name)
    shown.control(EntryHidden(EntryId("e1"), (), HideCause.NOPAT), ALICE)
    shown.open_for(BEN)
    with refusing(shown.owner, "released_entry", "entry_id"):
        next_number = 3
        shown.publish(
            release(next_number, ALICE, "bad", under=9),
            release(next_number + 1, BEN, "e2", under=9, body=b"two"),
            redecided(next_number + 2, ALICE, 9),
        )
    assert shown.bodies(BEN) == [b"two"]
    assert shown.bodies(ALICE) == []
    assert shown.owner.execute("select count(*) from waiting_marker").fetchone() == (1,)
    assert count(RELEASED.name) == before + 1


def test_a_version_that_the_view_refuses_takes_the_one_it_replaces_away(
    shown: ViewDatabase,
) -> None:
    assert shown.bodies(ALICE) == [b"one"]
    amended = release(2, ALICE, "e1", body=b"amended")
    assert isinstance(amended.change, Release)
    with refusing(shown.owner, "released_entry", "body_type"):
        shown.publish(replace(amended, change=replace(amended.change, body_type="bad")))
    assert shown.bodies(ALICE) == []
    shown.publish(release(3, ALICE, "e1", body=b"amended"))
    assert shown.bodies(ALICE) == [b"amended"]


def test_a_number_that_no_range_can_hold_is_a_data_error_of_one_message(
    shown: ViewDatabase,
) -> None:
    shown.publish(release(TOO_LARGE, ALICE, "e9"), release(2, ALICE, "e2", body=b"two"))
    assert sorted(shown.bodies(ALICE)) == [b"one", b"two"]


def test_a_control_that_the_gate_cannot_hold_closes_its_patient_alone(shown: ViewDatabase) -> None:
    shown.open_for(BEN)
    shown.publish(release(4, BEN, "e2", under=99, body=b"two"))
    with refusing(shown.owner, "entry_gate", "entry_id"):
        hide = EntryHidden(EntryId("bad"), (), HideCause.NOPAT)
        first = shown.controls
        records = [control(hide, ALICE, offset=first), control(registered(), BEN, offset=first + 1)]
        shown.apply_controls(records)
    assert shown.bodies(ALICE) == []
    assert shown.bodies(BEN) == [b"two"]


def test_a_hold_that_the_queue_refuses_leaves_the_others(review: ReviewDatabase) -> None:
    before = count(HELD.name)
    with refusing(review.owner, "hold", "entry_id"):
        review.publish(opened(0, ALICE, "a"), opened(1, ALICE, "bad"), opened(2, BEN, "c"))
    rows = review.owner.execute("select entry_id from hold order by 1").fetchall()
    assert (rows, count(HELD.name)) == ([("a",), ("c",)], before + 1)


def test_the_fuse_counts_through_restarts(shown: ViewDatabase) -> None:
    """Each `publish` begins anew, as after a restart: what was set aside before counts."""
    with refusing(shown.owner, "released_entry", "entry_id"):
        for number in range(10):
            shown.publish(release(10 + number, ALICE, "bad"))
        at = shown.owner.execute("select next_offset from source_position where topic = 'released'")
        position = at.fetchone()
        with pytest.raises(FatalError, match=r"docs/runbook/isolation-fuse\.md"):
            shown.publish(release(20, ALICE, "bad"))
    again = shown.owner.execute("select next_offset from source_position where topic = 'released'")
    assert again.fetchone() == position


def test_what_was_set_aside_names_nobody(shown: ViewDatabase) -> None:
    with refusing(shown.owner, "released_entry", "entry_id"):
        shown.publish(replace(release(10, ALICE, "bad"), decided_under=1))
    [(topic, error)] = shown.owner.execute("select topic, error from isolated_record")
    assert topic == RELEASED.name != CONTROLS.name
    assert error.startswith("isolated: CheckViolation at ")
    assert ALICE.digits not in error
