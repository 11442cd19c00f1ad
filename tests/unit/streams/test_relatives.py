"""What relatives must not reveal: who is taken along, who is looked at, who stays; lifting restores exactly."""

import random
from itertools import permutations
from typing import Any

import pytest

from recordgate_audit.histories.cases import cases
from recordgate_schemas.control import EntryHidden, EntryShown, HideCause, ReviewAction
from recordgate_schemas.entry import (
    ClinicalEntry,
    Element,
    ElementKind,
    Kind,
    Link,
    Readiness,
    Relation,
    ThirdParty,
)
from recordgate_schemas.values import SELF, EntryId
from recordgate_streams.decider.history import ControlSaid, EntryArrived, Event, decide_history
from recordgate_streams.golden.scenario import parse_events
from tests.reference.compare import production_ruleset
from tests.support.builders import (
    NOW,
    RULESET,
    access,
    control,
    entry,
    label,
    registered,
    reviewed,
)

TEXT = Element(ElementKind.FREE_TEXT, "/note")
NOPAT = {"labels": label("NOPAT")}
THIRD_PARTY = {"third_party": ThirdParty.PRESENT}
BASE = (registered(), access())


def one(name: str, *links: tuple[Relation, str], **fields: Any) -> ClinicalEntry:
    made = tuple(Link(EntryId(target), relation) for relation, target in links)
    return entry(entry_id=EntryId(name), links=made, **fields)


def pointing(name: str, *targets: str, **fields: Any) -> ClinicalEntry:
    elements = tuple(
        Element(ElementKind.CHILD, f"/entry/{place}", EntryId(target))
        for place, target in enumerate(targets)
    )
    return one(name, elements=(*fields.pop("elements", ()), *elements), **fields)


def outcomes(*said: Any) -> dict[str, str]:
    """What becomes of every entry, as `OUTCOME HEADLINE`, whatever the order of arrival."""
    found = [_decided(order) for order in _orders([*BASE, *said])]
    assert all(one == found[0] for one in found)
    return found[0]


def _orders(said: list[Any]) -> list[tuple[Any, ...]]:
    if len(said) <= 5:
        return list(permutations(said))
    rng = random.Random(7)
    return [tuple(rng.sample(said, len(said))) for _ in range(40)]


def _decided(said: tuple[Any, ...]) -> dict[str, str]:
    return {
        str(entry_id): f"{d.outcome} {d.headline}" if d.headline else str(d.outcome)
        for (entry_id, audience), d in decide_history(_events(said), RULESET, NOW).items()
        if audience == SELF
    }


def _events(said: tuple[Any, ...]) -> list[Event]:
    return [
        EntryArrived(NOW, one)
        if isinstance(one, ClinicalEntry)
        else ControlSaid(NOW, place, control(one))
        for place, one in enumerate(said)
    ]


PART_OF, RESULT_OF, LISTED_IN = Relation.PART_OF, Relation.RESULT_OF, Relation.LISTED_IN
ABOUT, FOR, REFERS = Relation.ABOUT_PROBLEM, Relation.FOR_MEDICATION, Relation.REFERS_TO
FILED = {"kind": Kind.TEST_RESULT, "readiness": Readiness.FILED}
REPORT = {"kind": Kind.REPORT, "readiness": Readiness.FILED}

TABLE = [
    (
        "a consultation marked NOPAT takes its children, and their children, but no stranger",
        [one("c", **NOPAT), one("child", (PART_OF, "c")), one("grandchild", (RESULT_OF, "child")), one("stranger")],
        {"c": "WITHHELD SOURCE_NOPAT", "child": "WITHHELD SOURCE_NOPAT",
         "grandchild": "WITHHELD SOURCE_NOPAT", "stranger": "RELEASED"},
    ),
    (
        "a consultation that is held takes its children into the queue",
        [one("c", **THIRD_PARTY), one("child", (PART_OF, "c")), one("stranger")],
        {"c": "HELD THIRD_PARTY", "child": "HELD LINKED", "stranger": "RELEASED"},
    ),
    (
        "a hidden child leaves its consultation open when that tells nothing of its own",
        [one("c"), one("child", (PART_OF, "c"), **NOPAT), one("sibling", (PART_OF, "c"))],
        {"c": "RELEASED", "child": "WITHHELD SOURCE_NOPAT", "sibling": "RELEASED"},
    ),
    (
        "a hidden child has its consultation looked at when that has a text of its own",
        [one("c", elements=(TEXT,)), one("child", (PART_OF, "c"), **NOPAT), one("sibling", (PART_OF, "c"))],
        {"c": "HELD LINKED", "child": "WITHHELD SOURCE_NOPAT", "sibling": "RELEASED"},
    ),
    (
        "a hidden result has its report looked at, its sibling stays",
        [one("r", **REPORT), one("bad", (RESULT_OF, "r"), **FILED, **NOPAT), one("good", (RESULT_OF, "r"), **FILED)],
        {"r": "HELD LINKED", "bad": "WITHHELD SOURCE_NOPAT", "good": "RELEASED"},
    ),
    (
        "a hidden report takes its results",
        [one("r", **REPORT, **NOPAT), one("good", (RESULT_OF, "r"), **FILED)],
        {"r": "WITHHELD SOURCE_NOPAT", "good": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "request and statement of a medicine say the same: hiding the request takes the statement",
        [one("request", kind=Kind.MEDICATION, **NOPAT), one("statement", (FOR, "request"), kind=Kind.MEDICATION)],
        {"request": "WITHHELD SOURCE_NOPAT", "statement": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "... and hiding the statement has the request looked at",
        [one("request", kind=Kind.MEDICATION), one("statement", (FOR, "request"), kind=Kind.MEDICATION, **NOPAT)],
        {"request": "HELD LINKED", "statement": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "what names a hidden problem is looked at; the problem of a hidden consultation stays",
        [one("p", kind=Kind.PROBLEM, **NOPAT), one("about", (ABOUT, "p")), one("q", kind=Kind.PROBLEM),
         one("c", (ABOUT, "q"), **NOPAT)],
        {"p": "WITHHELD SOURCE_NOPAT", "about": "HELD LINKED", "q": "RELEASED", "c": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a hidden entry of a list with a text has the list looked at, of a plain list not",
        [one("told", kind=Kind.LIST, elements=(TEXT,)), one("plain", kind=Kind.LIST),
         one("x", (LISTED_IN, "told"), (LISTED_IN, "plain"), **NOPAT)],
        {"told": "HELD LINKED", "plain": "RELEASED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a mere reference takes nobody",
        [one("x", **NOPAT), one("refers", (REFERS, "x"))],
        {"x": "WITHHELD SOURCE_NOPAT", "refers": "RELEASED"},
    ),
    (
        "what hangs together in a circle is taken once round",
        [one("a", (PART_OF, "b"), **NOPAT), one("b", (PART_OF, "c")), one("c", (PART_OF, "a"))],
        dict.fromkeys("abc", "WITHHELD SOURCE_NOPAT"),
    ),
    (
        "an error takes nobody along",
        [one("c", readiness=Readiness.IN_ERROR), one("child", (PART_OF, "c"))],
        {"c": "WITHHELD IN_ERROR", "child": "RELEASED"},
    ),
    (
        "a hide of a consultation that has not arrived takes the child that has",
        [EntryHidden(EntryId("c"), (), HideCause.DO_NOT_DISPLAY), one("child", (PART_OF, "c")), one("stranger")],
        {"child": "WITHHELD SOURCE_HIDE", "stranger": "RELEASED"},
    ),
    (
        "a relative that a hide names without any link is looked at",
        [EntryHidden(EntryId("x"), (EntryId("named"),), HideCause.DO_NOT_DISPLAY), one("x"), one("named"),
         one("other")],
        {"x": "WITHHELD SOURCE_HIDE", "named": "HELD LINKED", "other": "RELEASED"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("said", "becomes"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE])
def test_relatives(said: list[Any], becomes: dict[str, str]) -> None:
    assert becomes == outcomes(*said)


def test_a_reference_to_what_is_not_shown_is_dropped_and_one_to_what_is_shown_stays() -> None:
    said = [pointing("list", "hidden", "shown", "never came"), one("hidden", **NOPAT), one("shown")]
    decided = decide_history(_events((*BASE, *said)), RULESET, NOW)
    assert decided[EntryId("list"), SELF].pointers == ("/entry/0", "/entry/2")


def test_a_reviewer_who_withholds_an_entry_withholds_its_children_too() -> None:
    held = one("c", **THIRD_PARTY)
    said = reviewed("THIRD_PARTY", action=ReviewAction.WITHHOLD, entry_id=held.entry_id)
    assert outcomes(held, one("child", (PART_OF, "c")), said) == {
        "c": "WITHHELD REVIEWED",
        "child": "WITHHELD REVIEWED",
    }


def test_a_reviewer_who_releases_the_root_frees_what_it_took() -> None:
    held = one("c", **THIRD_PARTY)
    said = reviewed("THIRD_PARTY", entry_id=held.entry_id)
    assert outcomes(held, one("child", (PART_OF, "c")), said) == {
        "c": "RELEASED REVIEWED",
        "child": "RELEASED",
    }


@pytest.mark.parametrize("cause", list(HideCause))
def test_lifting_a_hide_restores_exactly_what_it_took(cause: HideCause) -> None:
    """Over random histories: hidden and shown again later is as if nothing had been said."""
    for case in cases(seed=21, number=150):
        events = _parsed(case)
        target = next(e.entry.entry_id for e in events if isinstance(e, EntryArrived))
        rules = production_ruleset(case.ruleset)
        before = decide_history(events, rules, case.now)
        if any(_is_about(event, target) for event in events):
            continue
        hide = _said(EntryHidden(target, (), cause), NOW.replace(year=2020), 900)
        show = _said(EntryShown(target, cause), NOW.replace(year=2021), 901)
        hidden = decide_history([*events, hide], rules, case.now)
        assert hidden[target, SELF].outcome not in ("RELEASED", "RELEASED_REDACTED")
        assert before == decide_history([*events, hide, show], rules, case.now)


def _parsed(case: Any) -> list[Event]:
    return parse_events(case.events)


def _is_about(event: Event, target: EntryId) -> bool:
    change = event.control.change if isinstance(event, ControlSaid) and event.control else None
    return isinstance(change, EntryHidden | EntryShown) and change.entry_id == target


def _said(change: Any, at: Any, position: int) -> ControlSaid:
    return ControlSaid(at, position, control(change, effective_at=at))
