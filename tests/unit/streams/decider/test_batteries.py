"""One hidden measurement hides its battery and the rest of it; of a group of results it hides itself alone."""

from typing import Any

import pytest

from recordgate_schemas.control import EntryHidden, HideCause
from recordgate_schemas.entry import Element, ElementKind, Kind, Readiness, Relation
from recordgate_schemas.values import EntryId
from tests.support.relatives import (
    FILED,
    NOPAT,
    PART_OF,
    REPORT,
    RESULT_OF,
    TEXT,
    THIRD_PARTY,
    one,
    outcomes,
    pointing,
)

BATTERY = {"kind": Kind.BATTERY}
GROUP = {"kind": Kind.TEST_GROUP, "readiness": Readiness.FILED}
PLAIN = {"kind": Kind.OBSERVATION}
DRAFT = {"kind": Kind.CONSULTATION, "readiness": Readiness.DRAFT}
HIDDEN = "WITHHELD SOURCE_NOPAT"

CASES = [
    (
        "a hidden half hides the battery that names it, and the other half",
        [pointing("bp", "s", "d", **BATTERY), one("s", **PLAIN, **NOPAT), one("d", **PLAIN), one("o", **PLAIN)],
        {"bp": HIDDEN, "s": HIDDEN, "d": HIDDEN, "o": "RELEASED"},
    ),
    (
        "... when the halves name the battery",
        [one("bp", **BATTERY), one("s", (RESULT_OF, "bp"), **PLAIN, **NOPAT), one("d", (RESULT_OF, "bp"), **PLAIN)],
        {"bp": HIDDEN, "s": HIDDEN, "d": HIDDEN},
    ),
    (
        "... when the half has not arrived",
        [pointing("bp", "s", "d", **BATTERY), one("d", **PLAIN), EntryHidden(EntryId("s"), (), HideCause.NOPAT)],
        {"bp": HIDDEN, "d": HIDDEN},
    ),
    (
        "... and batteries around it, and in it",
        [pointing("vital", "bp", "pulse", **BATTERY), pointing("bp", "s", **BATTERY),
         one("s", **PLAIN, **NOPAT), one("pulse", **PLAIN)],
        dict.fromkeys(("vital", "bp", "s", "pulse"), HIDDEN),
    ),
    (
        "a half that somebody must look at holds the whole of it",
        [pointing("bp", "s", "d", **BATTERY), one("s", **PLAIN, **THIRD_PARTY), one("d", **PLAIN)],
        {"bp": "HELD LINKED", "s": "HELD THIRD_PARTY", "d": "HELD LINKED"},
    ),
    (
        "a hidden result has its group looked at and spares the other results",
        [pointing("g", "a", "b", **GROUP), one("a", **FILED, **NOPAT), one("b", **FILED)],
        {"g": "HELD LINKED", "a": HIDDEN, "b": "RELEASED"},
    ),
    (
        "... whatever the results are called",
        [one("r", **REPORT), one("g", (RESULT_OF, "r"), elements=(Element(ElementKind.CHILD, "/x", EntryId("a")),),
         **GROUP), one("a", **PLAIN, **NOPAT), one("b", (RESULT_OF, "g"), **PLAIN)],
        {"r": "HELD LINKED", "g": "HELD LINKED", "a": HIDDEN, "b": "RELEASED"},
    ),
    (
        "a hidden group hides its results",
        [pointing("g", "a", "b", **GROUP, **NOPAT), one("a", **FILED), one("b", **FILED)],
        dict.fromkeys("gab", HIDDEN),
    ),
    (
        "what a battery merely names besides its measurements is another matter",
        [pointing("bp", "p", **BATTERY), one("p", kind=Kind.PROBLEM, **NOPAT)],
        {"bp": "RELEASED_REDACTED POINTERS_DROPPED", "p": HIDDEN},
    ),
    (
        "half a battery in a consultation that is not saved leaves nothing of it shown",
        [one("c", **DRAFT), pointing("bp", "s", "d", **BATTERY), one("s", (PART_OF, "c"), **PLAIN), one("d", **PLAIN)],
        dict.fromkeys(("c", "bp", "s", "d"), "DEFERRED DRAFT"),
    ),
    (
        "a list with words of its own is looked at that has one half",
        [pointing("bp", "s", "d", **BATTERY), one("s", **PLAIN, **NOPAT), one("d", (Relation.LISTED_IN, "l"), **PLAIN),
         one("l", kind=Kind.LIST, elements=(TEXT,))],
        {"bp": HIDDEN, "s": HIDDEN, "d": HIDDEN, "l": "HELD LINKED"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arriving", "becomes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_becomes_of_a_battery(arriving: list[Any], becomes: dict[str, str]) -> None:
    assert outcomes(*arriving) == becomes
