"""Controls that cannot be read, or lie under a key that is not their patient's, close whom they may be about."""

import pytest

from recordgate_schemas.control import Died, EntryHidden, HideCause
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId
from tests.support.consumers import (
    control,
    patient,
    poison_count,
    record,
    redecided,
    registered,
    release,
)
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)
ONE = [b"one"]


def test_a_control_nobody_can_read_closes_its_patient(shown: ViewDatabase) -> None:
    before = poison_count(CONTROLS.name)
    shown.apply_controls([record(CONTROLS, b"garbage", ALICE.digits, offset=shown.controls)])
    assert poison_count(CONTROLS.name) == before + 1
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(2, ALICE, shown.controls - 1))
    assert shown.bodies(ALICE) == ONE


def test_a_control_under_another_patients_key_closes_whom_the_key_and_the_value_name(
    shown: ViewDatabase,
) -> None:
    shown.control(registered(), BOB)
    shown.publish(release(2, BOB, under=1, body=b"bob"))
    wrong = control(Died(None), BOB, offset=shown.controls)
    value = record(CONTROLS, wrong.value, ALICE.digits, offset=shown.controls)
    shown.apply_controls([value])
    assert shown.bodies(ALICE) == []
    assert shown.bodies(BOB) == []
    shown.publish(redecided(3, ALICE, shown.controls - 1), redecided(4, BOB, shown.controls - 1))
    assert shown.bodies(ALICE) == ONE
    assert shown.bodies(BOB) == []  # not its position: only its copy opens Bob again


@pytest.mark.parametrize("key", ["", "1234567890", "not a number", "99900000é7"])
def test_an_unreadable_control_under_no_patients_key_is_counted_and_passed_over(
    shown: ViewDatabase, key: str
) -> None:
    before = poison_count(CONTROLS.name)
    bad = record(CONTROLS, b"garbage", key, offset=shown.controls)
    good = control(registered(), BOB, offset=shown.controls + 1)
    shown.apply_controls([bad, good])
    assert poison_count(CONTROLS.name) == before + 1
    assert shown.bodies(ALICE) == ONE


@pytest.mark.parametrize("key", ["", "1234567890", "not a number", "99900000é7", "9" * 1_000_000])
def test_a_readable_control_under_no_patients_key_closes_the_patient_it_names(
    shown: ViewDatabase, key: str
) -> None:
    value = control(EntryHidden(EntryId("e1"), (), HideCause.NOPAT), ALICE, offset=0).value
    shown.apply_controls([record(CONTROLS, value, key, offset=shown.controls)])
    shown.publish(redecided(2, ALICE, shown.controls - 1))
    assert shown.bodies(ALICE) == []
