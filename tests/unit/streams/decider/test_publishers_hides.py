"""A publisher's hide is about one version of its own entry; a person's stays until a person lifts it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from recordgate_schemas.control import EntryHidden, EntryShown, HideCause
from recordgate_schemas.entry import (
    ClinicalEntry,
    SourceVersion,
)
from recordgate_schemas.values import EntryId, OdsCode
from tests.support.builders import OTHER_PRACTICE, PRACTICE, statements
from tests.support.relatives import NOPAT, PART_OF, one, outcomes
from tests.support.strategies import entry_changes, stated

X = EntryId("x")


def hide(version: int, practice: OdsCode = PRACTICE, system: str = "emis") -> EntryHidden:
    return EntryHidden(X, (), HideCause.NOPAT, SourceVersion(practice, system, version))


def version(number: int, **fields: Any) -> ClinicalEntry:
    return replace(one("x", **fields), version=number)


BY_PERSON = EntryHidden(X, (), HideCause.NOPAT)
SHOWN = EntryShown(X, HideCause.NOPAT)
CASES = [
    ("the version that is hidden", [hide(1), version(1)], "WITHHELD SOURCE_NOPAT"),
    ("a label taken off at the source", [hide(1), version(1, **NOPAT), version(2)], "RELEASED"),
    ("a label put on again", [hide(1), version(2), hide(3), version(3, **NOPAT)], "WITHHELD SOURCE_NOPAT"),
    ("a lower version than the hidden one", [hide(2), version(1)], "WITHHELD SOURCE_NOPAT"),
    ("two versions hidden", [hide(1), hide(2), version(2)], "WITHHELD SOURCE_NOPAT"),
    ("a lower version hidden later", [version(1), version(3), hide(2)], "RELEASED"),
    ("another practice's hide", [hide(1, OTHER_PRACTICE), version(2)], "WITHHELD SOURCE_NOPAT"),
    ("another system's hide", [hide(1, system="tpp"), version(2)], "WITHHELD SOURCE_NOPAT"),
    ("a higher version of another system", [hide(1), version(2, system="tpp")], "WITHHELD SOURCE_NOPAT"),
    ("a person's hide and a newer version", [BY_PERSON, version(1), version(2)], "WITHHELD SOURCE_NOPAT"),
    ("a person lifts no publisher's hide", [hide(1), version(1), SHOWN], "WITHHELD SOURCE_NOPAT"),
]  # fmt: skip


@pytest.mark.parametrize(("arriving", "becomes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_hide_is_about_a_version_of_its_own_source(arriving: list[Any], becomes: str) -> None:
    assert outcomes(*arriving) == {"x": becomes}


def test_the_children_come_back_with_their_parent() -> None:
    child = one("child", (PART_OF, "x"))
    assert outcomes(hide(1), version(1), child) == dict.fromkeys(
        ("x", "child"), "WITHHELD SOURCE_NOPAT"
    )
    assert outcomes(hide(1), version(2), child) == dict.fromkeys(("x", "child"), "RELEASED")


@given(stated(entry_changes()))
def test_a_hide_of_another_source_never_opens_anything(changes: list[tuple[Any, Any]]) -> None:
    """Whatever has been stated, and whatever version has arrived: one more hide only adds causes."""
    strange = EntryHidden(X, (), HideCause.NOPAT, SourceVersion(OTHER_PRACTICE, "tpp", 2**62))
    before, after = statements(*changes), statements(*changes, strange)
    for arrived in (None, SourceVersion(PRACTICE, "emis", 1), SourceVersion(PRACTICE, "emis", 9)):
        assert after.hidden_for(arrived) == before.hidden_for(arrived) | {HideCause.NOPAT}
