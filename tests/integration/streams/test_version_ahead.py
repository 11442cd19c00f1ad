"""A version from the future counts for nothing: after it, no correction would count until its day comes."""

from datetime import timedelta
from typing import Any

import pytest

from recordgate_schemas.entry import MOST_AHEAD, Coding
from recordgate_schemas.values import EntryId
from tests.support.builders import NOW, access, control, entry, registered
from tests.support.ledger import Ledger

ENTRY, SURVIVOR = entry().entry_id, EntryId("A82038/emis/e1")
LABELLED = (Coding("http://hl7.org/fhir/v3/ActCode", "NOPAT"),)


def milliseconds(after: timedelta) -> int:
    return int((NOW + after).timestamp() * 1000)


AHEAD: dict[str, dict[str, Any]] = {
    "a version of next year": {"version": milliseconds(timedelta(days=365))},
    "the highest version there is": {"version": 2**63 - 1},
    "a version a moment too far ahead": {"version": milliseconds(MOST_AHEAD) + 1},
    "an extraction next year": {"version": 2, "extracted_at": NOW + timedelta(days=365)},
}


@pytest.mark.parametrize("how", AHEAD)
def test_a_version_from_the_future_is_set_aside_and_the_correction_after_it_counts(
    ledger: Ledger, how: str
) -> None:
    ledger.say(control(registered()), control(access()))
    ledger.publish(entry(version=1), entry(entry_id=SURVIVOR))
    assert set(ledger.view()) == {ENTRY, SURVIVOR}
    ledger.publish(entry(**AHEAD[how]), entry(entry_id=SURVIVOR, version=2))
    assert ledger.view() == {ENTRY: 1, SURVIVOR: 2}
    rows = ledger.owner.execute("select error from quarantine").fetchall()
    assert [error.partition(":")[0] for (error,) in rows] == ["version"]

    ledger.publish(entry(version=milliseconds(timedelta(0)), labels=LABELLED))
    assert ledger.view() == {SURVIVOR: 2}


def test_clocks_may_differ_by_minutes(ledger: Ledger) -> None:
    ledger.say(control(registered()), control(access()))
    version = milliseconds(MOST_AHEAD)
    ledger.publish(entry(version=version, extracted_at=NOW + MOST_AHEAD))
    assert ledger.view() == {ENTRY: version}
