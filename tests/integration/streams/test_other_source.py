"""An entry's id names its practice and system: nobody else replaces the entry, or hides a version of it."""

from dataclasses import replace
from typing import Any

import pytest

from recordgate_schemas.control import Control, EntryHidden, HideCause
from recordgate_schemas.entry import ClinicalEntry, SourceVersion
from recordgate_schemas.values import EntryId
from tests.support.builders import (
    NOW,
    OTHER_NUMBER,
    OTHER_PRACTICE,
    PRACTICE,
    access,
    control,
    entry,
    registered,
)
from tests.support.ledger import Ledger

OURS = EntryId("A82038:emis:Encounter/e0")
SURVIVOR = EntryId("A82038:emis:Encounter/e1")
BYSTANDER = EntryId("A82038:emis:Encounter/b0")
NAMELESS = EntryId("e0")
SHOWN = {OURS: 1, SURVIVOR: 1, BYSTANDER: 1}
STRANGERS: dict[str, dict[str, Any]] = {
    "another practice": {"practice": OTHER_PRACTICE},
    "another system": {"system": "tpp"},
    "a system whose name goes on": {"system": "emis-web"},
}


def named(entry_id: EntryId, version: int = 1, **overrides: Any) -> ClinicalEntry:
    return entry(entry_id=entry_id, version=version, **overrides)


def hide(entry_id: EntryId, version: int | None, *related: EntryId, **source: Any) -> Control:
    """A hide of an entry: a publisher's of that version, or a person's."""
    stated = SourceVersion(**{"practice": PRACTICE, "system": "emis", "version": version, **source})
    about = EntryHidden(entry_id, related, HideCause.NOPAT, None if version is None else stated)
    return control(about, effective_at=NOW)


def showing(ledger: Ledger) -> None:
    """Two entries of one patient, and one of another, are shown."""
    for number in (control(registered()).nhs_number, OTHER_NUMBER):
        ledger.say(*(control(change, nhs_number=number) for change in (registered(), access())))
    ledger.publish(named(OURS), named(SURVIVOR), named(BYSTANDER, nhs_number=OTHER_NUMBER))
    assert ledger.view() == SHOWN


def refused(ledger: Ledger) -> list[str]:
    """Return the classes of what is in quarantine, in order."""
    rows = ledger.owner.execute("select error from quarantine order by record_offset")
    return [error.partition(":")[0] for (error,) in rows]


@pytest.mark.parametrize("who", STRANGERS)
def test_an_entry_under_the_id_of_another_source_is_set_aside_and_replaces_nothing(
    ledger: Ledger, who: str
) -> None:
    showing(ledger)
    own = named(EntryId("B81001:tpp:Encounter/e0"), practice=OTHER_PRACTICE, system="tpp")
    stranger = replace(named(OURS, 2**62), **STRANGERS[who])
    ledger.publish(stranger, own, named(SURVIVOR, 2))
    assert ledger.view() == SHOWN | {SURVIVOR: 2}
    assert refused(ledger) == ["entry_id"]
    assert ledger.outcome(OURS) == ("RELEASED", None)
    assert ledger.outcome(own.entry_id)[0] != "HELD"  # decided as any other of that practice
    ledger.publish(named(OURS, 2))
    assert ledger.view() == SHOWN | {OURS: 2, SURVIVOR: 2}
    assert ledger.account().unaccounted == 0


@pytest.mark.parametrize("who", STRANGERS)
def test_a_strangers_hide_of_a_version_does_not_count_and_opens_what_the_gate_closed(
    ledger: Ledger, who: str
) -> None:
    showing(ledger)
    (record,) = ledger.say(hide(OURS, 2**62, **STRANGERS[who]))
    assert ledger.view() == SHOWN
    assert refused(ledger) == ["other_source"]
    assert ledger.markers()[-1] == record.offset
    ledger.publish(named(OURS, 2))
    assert ledger.view() == SHOWN | {OURS: 2}
    assert ledger.account().unaccounted == 0


def test_a_strangers_hide_does_not_shield_from_the_sources_own(ledger: Ledger) -> None:
    showing(ledger)
    ledger.say(hide(OURS, 9, practice=OTHER_PRACTICE), hide(OURS, 1))
    assert ledger.outcome(OURS) == ("WITHHELD", "SOURCE_NOPAT")
    assert ledger.view() == {SURVIVOR: 1, BYSTANDER: 1}
    ledger.publish(named(OURS, 2))
    assert ledger.view() == SHOWN | {OURS: 2}


def test_a_persons_hide_names_no_source_and_counts(ledger: Ledger) -> None:
    showing(ledger)
    ledger.say(hide(OURS, None))
    assert refused(ledger) == []
    assert ledger.view() == {SURVIVOR: 1, BYSTANDER: 1}


def test_a_hide_that_names_foreign_relatives_counts_for_its_own_entry(ledger: Ledger) -> None:
    showing(ledger)
    ledger.say(hide(OURS, 1, EntryId("B81001:tpp:Encounter/e0")))
    assert refused(ledger) == []
    assert ledger.view() == {SURVIVOR: 1, BYSTANDER: 1}


def test_an_id_that_names_no_source_is_anybodys(ledger: Ledger) -> None:
    """The limit: only ids as our publisher makes them are guarded."""
    showing(ledger)
    ledger.publish(named(NAMELESS))
    ledger.publish(named(NAMELESS, 2, system="tpp"))
    ledger.say(hide(NAMELESS, 9, practice=OTHER_PRACTICE))
    assert refused(ledger) == []
    assert ledger.outcome(NAMELESS) == ("WITHHELD", "SOURCE_NOPAT")
