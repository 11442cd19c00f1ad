"""Relations count from both ends, are kept as long as the side that stated them, and readiness follows from them."""

from dataclasses import replace
from typing import Any

import pytest

from recordgate_schemas.control import EntryHidden, HideCause
from recordgate_schemas.entry import Element, ElementKind, Kind, Link, Readiness, Relation
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

ABOUT, REFERS = Relation.ABOUT_PROBLEM, Relation.REFERS_TO
UNFILED = FILED | {"readiness": Readiness.UNFILED}
UNKNOWN = FILED | {"readiness": Readiness.UNKNOWN}
CONCLUSION = {"elements": (Element(ElementKind.FREE_TEXT, "/conclusion"),)}
DRAFT = {"readiness": Readiness.DRAFT}
PROBLEM = {"kind": Kind.PROBLEM}


def v2(entry: Any) -> Any:
    return replace(entry, version=2)


HIDING = [
    (
        "a report that names its result is looked at when the result is published alone and hidden",
        [pointing("r", "x", **REPORT, **CONCLUSION), one("x", (RESULT_OF, "r"), **FILED),
         v2(one("x", **FILED, **NOPAT))],
        {"r": "HELD LINKED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "... and when its link merely refers to it",
        [one("r", (REFERS, "x"), **REPORT), one("x", **FILED, **NOPAT)],
        {"r": "HELD LINKED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "... and when the hidden result has not arrived",
        [pointing("r", "x", **REPORT), EntryHidden(EntryId("x"), (), HideCause.NOPAT)],
        {"r": "HELD LINKED"},
    ),
    (
        "a result that names its report has it looked at though the report was published again without it",
        [pointing("r", "x", **REPORT), v2(one("r", **REPORT)), one("x", (RESULT_OF, "r"), **FILED, **NOPAT)],
        {"r": "HELD LINKED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a relation is forgotten once the only side that stated it says otherwise",
        [pointing("r", "x", **REPORT), v2(one("r", **REPORT)), one("x", **FILED, **NOPAT)],
        {"r": "RELEASED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a hidden report hides the results that it alone names, but not its consultation",
        [replace(pointing("r", "c", "x", **REPORT, **NOPAT)), one("c"), one("x", **FILED), one("stranger", **FILED)],
        {"r": "WITHHELD SOURCE_NOPAT", "c": "RELEASED", "x": "WITHHELD SOURCE_NOPAT", "stranger": "RELEASED"},
    ),
    (
        "a hidden list hides what it alone names",
        [replace(pointing("l", "x", "c", kind=Kind.LIST, **NOPAT), links=(Link(EntryId("c"), PART_OF),)),
         one("x", kind=Kind.ALLERGY), one("c")],
        {"l": "WITHHELD SOURCE_NOPAT", "x": "WITHHELD SOURCE_NOPAT", "c": "RELEASED"},
    ),
    (
        "a consultation with a text is looked at when an item of one of its lists is hidden",
        [one("c", elements=(TEXT,)), replace(pointing("l", "x", kind=Kind.LIST), links=(Link(EntryId("c"), PART_OF),)),
         one("x", **NOPAT)],
        {"c": "HELD LINKED", "l": "RELEASED_REDACTED POINTERS_DROPPED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a list with a text is looked at when an entry is hidden that it alone names, a plain list is not",
        [pointing("worded", "x", kind=Kind.LIST, elements=(TEXT,)), pointing("plain", "x", kind=Kind.LIST),
         one("x", kind=Kind.ALLERGY, **NOPAT)],
        {"worded": "HELD LINKED", "plain": "RELEASED_REDACTED POINTERS_DROPPED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a problem that names a hidden consultation is looked at, one that only the consultation names is not",
        [pointing("p", "c", **PROBLEM), one("q", **PROBLEM), one("c", (ABOUT, "q"), **NOPAT)],
        {"p": "HELD LINKED", "q": "RELEASED", "c": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "... and one that names another hidden entry is shown without it",
        [pointing("p", "x", **PROBLEM), one("x", kind=Kind.OBSERVATION, **NOPAT)],
        {"p": "RELEASED_REDACTED POINTERS_DROPPED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "what only a hidden problem names is shown",
        [pointing("p", "x", "y", **PROBLEM, **NOPAT), one("x"), one("y", kind=Kind.MEDICATION)],
        {"p": "WITHHELD SOURCE_NOPAT", "x": "RELEASED", "y": "RELEASED"},
    ),
    (
        "a problem and its header are looked at when either of them is hidden",
        [one("header", (ABOUT, "problem"), **PROBLEM, **NOPAT), one("problem", **PROBLEM)],
        {"header": "WITHHELD SOURCE_NOPAT", "problem": "HELD LINKED"},
    ),
    (
        "a relative that a hide names is explained by a reference, too",
        [pointing("p", "x", **PROBLEM), one("x", kind=Kind.ALLERGY, **THIRD_PARTY),
         EntryHidden(EntryId("p"), (EntryId("x"), EntryId("y")), HideCause.IN_ERROR), one("y")],
        {"p": "WITHHELD IN_ERROR", "x": "HELD THIRD_PARTY", "y": "HELD LINKED"},
    ),
]  # fmt: skip

READINESS = [
    (
        "a report is partial though its publisher calls it filed, and so are its filed results",
        [one("r", **REPORT), one("x", (RESULT_OF, "r"), **UNFILED), one("y", (RESULT_OF, "r"), **FILED)],
        {"r": "DEFERRED PARTIAL", "x": "DEFERRED NOT_FILED", "y": "DEFERRED PARTIAL"},
    ),
    (
        "... by what the report alone says of a result published by itself",
        [pointing("r", "x", **REPORT), one("x", **UNFILED)],
        {"r": "DEFERRED PARTIAL", "x": "DEFERRED NOT_FILED"},
    ),
    (
        "... by a result in a group of the report",
        [one("r", **REPORT), one("g", (RESULT_OF, "r"), kind=Kind.BATTERY), one("x", (RESULT_OF, "g"), **UNFILED)],
        {"r": "DEFERRED PARTIAL", "g": "DEFERRED PARTIAL", "x": "DEFERRED NOT_FILED"},
    ),
    (
        "a report is complete once its result is filed, in whichever order the versions come",
        [one("r", **REPORT), one("x", (RESULT_OF, "r"), **UNFILED), v2(one("x", (RESULT_OF, "r"), **FILED))],
        {"r": "RELEASED", "x": "RELEASED"},
    ),
    (
        "a result in error keeps no report waiting",
        [one("r", **REPORT), one("x", (RESULT_OF, "r"), **FILED | {"readiness": Readiness.IN_ERROR})],
        {"r": "RELEASED", "x": "WITHHELD IN_ERROR"},
    ),
    (
        "a report is looked at when nobody knows whether its result is filed",
        [one("r", **REPORT), one("x", (RESULT_OF, "r"), **UNKNOWN), one("y", (RESULT_OF, "r"), **FILED)],
        {"r": "HELD UNKNOWN_READINESS", "x": "HELD UNKNOWN_READINESS", "y": "RELEASED"},
    ),
    (
        "what is in a consultation that is not saved is not shown",
        [one("c", **DRAFT), one("l", (PART_OF, "c"), kind=Kind.LIST), one("x", (Relation.LISTED_IN, "l")),
         one("other")],
        {"c": "DEFERRED DRAFT", "l": "DEFERRED DRAFT", "x": "DEFERRED DRAFT", "other": "RELEASED"},
    ),
    (
        "the request of an unfiled result does not wait",
        [one("request", kind=Kind.REFERRAL), one("x", (RESULT_OF, "request"), **UNFILED)],
        {"request": "RELEASED", "x": "DEFERRED NOT_FILED"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arriving", "becomes"), [t[1:] for t in HIDING], ids=[t[0] for t in HIDING]
)
def test_what_is_hidden_is_revealed_by_neither_end(
    arriving: list[Any], becomes: dict[str, str]
) -> None:
    assert outcomes(*arriving) == becomes


@pytest.mark.parametrize(
    ("arriving", "becomes"), [t[1:] for t in READINESS], ids=[t[0] for t in READINESS]
)
def test_readiness_follows_from_relatives(arriving: list[Any], becomes: dict[str, str]) -> None:
    assert outcomes(*arriving) == becomes
