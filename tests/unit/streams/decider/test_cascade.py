"""What relatives must not reveal: who follows, who is looked at, who stays; lifting a hide restores exactly."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from recordgate_schemas.control import EntryHidden, EntryShown, HideCause, ReviewAction
from recordgate_schemas.entry import (
    Kind,
    Link,
    Readiness,
    Relation,
    SourceVersion,
)
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, EntryId
from recordgate_streams.decider.cascade import (
    SuppressedEntry,
    cascade,
    suppressed_by,
    suppressed_by_hides,
)
from recordgate_streams.decider.history import Event, decide_history
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent
from recordgate_streams.decider.relations import relations
from recordgate_streams.decider.relative import Relative, relative_of
from recordgate_streams.policy.decision import Objection
from tests.histories.cases import cases
from tests.reference.compare import production_ruleset
from tests.support.builders import NOW, PRACTICE, event, hidden, reviewed, shown, statements
from tests.support.events import parse_events
from tests.support.relatives import (
    BASE,
    FILED,
    LISTED_IN,
    NOPAT,
    PART_OF,
    REPORT,
    RESULT_OF,
    TEXT,
    THIRD_PARTY,
    decisions,
    one,
    outcomes,
    pointing,
)

ABOUT, FOR, REFERS = Relation.ABOUT_PROBLEM, Relation.FOR_MEDICATION, Relation.REFERS_TO

TABLE = [
    (
        "a consultation marked NOPAT hides its children, and their children, but no stranger",
        [one("c", **NOPAT), one("child", (PART_OF, "c")), one("grandchild", (RESULT_OF, "child")), one("stranger")],
        {"c": "WITHHELD SOURCE_NOPAT", "child": "WITHHELD SOURCE_NOPAT",
         "grandchild": "WITHHELD SOURCE_NOPAT", "stranger": "RELEASED"},
    ),
    (
        "a consultation that is held has its children held",
        [one("c", **THIRD_PARTY), one("child", (PART_OF, "c")), one("stranger")],
        {"c": "HELD THIRD_PARTY", "child": "HELD LINKED", "stranger": "RELEASED"},
    ),
    (
        "a hidden child leaves its consultation open when that has no text of its own",
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
        "a hidden report hides its results",
        [one("r", **REPORT, **NOPAT), one("good", (RESULT_OF, "r"), **FILED)],
        {"r": "WITHHELD SOURCE_NOPAT", "good": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "request and statement of a medicine hold the same: hiding the request hides the statement",
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
        [one("worded", kind=Kind.LIST, elements=(TEXT,)), one("plain", kind=Kind.LIST),
         one("x", (LISTED_IN, "worded"), (LISTED_IN, "plain"), **NOPAT)],
        {"worded": "HELD LINKED", "plain": "RELEASED", "x": "WITHHELD SOURCE_NOPAT"},
    ),
    (
        "a mere reference affects no entry",
        [one("x", **NOPAT), one("refers", (REFERS, "x"))],
        {"x": "WITHHELD SOURCE_NOPAT", "refers": "RELEASED"},
    ),
    (
        "entries linked in a circle are all hidden",
        [one("a", (PART_OF, "b"), **NOPAT), one("b", (PART_OF, "c")), one("c", (PART_OF, "a"))],
        dict.fromkeys("abc", "WITHHELD SOURCE_NOPAT"),
    ),
    (
        "an entry in error affects no other",
        [one("c", readiness=Readiness.IN_ERROR), one("child", (PART_OF, "c"))],
        {"c": "WITHHELD IN_ERROR", "child": "RELEASED"},
    ),
    (
        "a hide of a consultation that has not arrived hides the child that has",
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


@pytest.mark.parametrize(("arriving", "becomes"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE])
def test_relatives(arriving: list[Any], becomes: dict[str, str]) -> None:
    assert outcomes(*arriving) == becomes


def test_a_reference_to_an_entry_not_shown_is_dropped_and_one_to_an_entry_shown_stays() -> None:
    referring = pointing("list", "hidden", "shown", "never came")
    decided = decisions((*BASE, referring, one("hidden", **NOPAT), one("shown")))
    assert decided[EntryId("list"), SELF].pointers == ("/entry/0", "/entry/2")


def test_a_reviewer_who_withholds_an_entry_withholds_its_children_too() -> None:
    held = one("c", **THIRD_PARTY)
    review = reviewed("THIRD_PARTY", action=ReviewAction.WITHHOLD, entry_id=held.entry_id)
    assert outcomes(held, one("child", (PART_OF, "c")), review) == {
        "c": "WITHHELD REVIEWED",
        "child": "WITHHELD REVIEWED",
    }


def test_a_reviewer_who_releases_an_entry_releases_its_children_too() -> None:
    held = one("c", **THIRD_PARTY)
    review = reviewed("THIRD_PARTY", entry_id=held.entry_id)
    assert outcomes(held, one("child", (PART_OF, "c")), review) == {
        "c": "RELEASED REVIEWED",
        "child": "RELEASED",
    }


@pytest.mark.parametrize("cause", list(HideCause))
def test_lifting_a_hide_restores_exactly_what_it_hid(cause: HideCause) -> None:
    """Over random histories: hidden and shown again later is as if neither had happened."""
    for case in cases(seed=21, number=150):
        events = parse_events(case.events)
        target = next(e.entry.entry_id for e in events if isinstance(e, AcceptedEntry))
        rules = production_ruleset(case.ruleset)
        before = decide_history(events, rules, case.now)
        if any(_hides_or_shows(one, target) for one in events):
            continue
        hide = event(EntryHidden(target, (), cause), NOW.replace(year=2020), 900)
        show = event(EntryShown(target, cause), NOW.replace(year=2021), 901)
        after_hide = decide_history([*events, hide], rules, case.now)
        assert not after_hide.decisions[target, SELF].released
        assert before == decide_history([*events, hide, show], rules, case.now)


def _hides_or_shows(one: Event, target: EntryId) -> bool:
    change = one.control.change if isinstance(one, ControlEvent) and one.control else None
    return isinstance(change, EntryHidden | EntryShown) and change.entry_id == target


def test_what_the_cascade_reads_of_an_entry() -> None:
    worded = one("e", (PART_OF, "another"), elements=(TEXT,))
    links = ((PART_OF, ANOTHER),)
    version = SourceVersion(PRACTICE, "emis", 1)
    kind, readiness = Kind.CONSULTATION, Readiness.FINAL
    assert relative_of(worded, conflict=True) == Relative(
        EntryId("e"), kind, readiness, links, (), has_text=True, conflict=True, version=version
    )
    assert relative_of(one("e"), conflict=False) == Relative(
        EntryId("e"), kind, readiness, (), (), has_text=False, conflict=False, version=version
    )


def test_an_entry_names_what_it_refers_to_unless_a_link_of_its_own_says_how_they_are_related() -> (
    None
):
    referring = pointing("e", "context", "result", "e", "result")
    links = (
        Link(EntryId("context"), PART_OF),
        Link(EntryId("context"), REFERS),
        Link(EntryId("another"), REFERS),
    )
    found = relative_of(replace(referring, links=links), conflict=False)
    assert found.names == ("another", "result")


def test_an_affected_relative_says_whether_it_follows_or_would_reveal() -> None:
    child, report, target = EntryId("child"), EntryId("report"), EntryId("target")
    relatives = (one("child", (PART_OF, target)), one("report"), one("target", (RESULT_OF, report)))
    known = relations(relative_of(entry, conflict=False) for entry in relatives)
    affected = cascade(known, {target: SuppressedEntry(Reason.SOURCE_NOPAT, Outcome.WITHHELD)})
    follows = {"relative": "taken along by a relative"}
    reveals = {"relative": "would reveal one"}
    assert affected == {
        child: (Objection(Reason.SOURCE_NOPAT, Outcome.WITHHELD, follows),),
        report: (Objection(Reason.LINKED, Outcome.HELD, reveals),),
    }


ANOTHER = EntryId("another")
NAMED = frozenset({ANOTHER})
WITHHELD = Objection(Reason.SOURCE_HIDE, Outcome.WITHHELD, {}, suppresses=True)
HELD = Objection(Reason.THIRD_PARTY, Outcome.HELD, {}, suppresses=True)
OPEN = Objection(Reason.IN_ERROR, Outcome.WITHHELD, {})


@pytest.mark.parametrize(
    ("objections", "related", "why"),
    [
        ((), frozenset(), None),
        ((OPEN,), frozenset(), None),
        ((OPEN,), NAMED, SuppressedEntry(Reason.LINKED, Outcome.RELEASED, NAMED)),
        ((HELD, OPEN), NAMED, SuppressedEntry(Reason.LINKED, Outcome.HELD, NAMED)),
        ((HELD, WITHHELD), NAMED, SuppressedEntry(Reason.SOURCE_HIDE, Outcome.WITHHELD, NAMED)),
    ],
)
def test_why_an_arrived_entry_is_suppressed(
    objections: tuple[Objection, ...], related: frozenset[EntryId], why: SuppressedEntry | None
) -> None:
    assert suppressed_by(objections, related) == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ((), None),
        ((hidden(HideCause.IN_ERROR),), None),
        (
            (hidden(HideCause.IN_ERROR, related=(ANOTHER,)),),
            SuppressedEntry(Reason.LINKED, Outcome.RELEASED, NAMED),
        ),
        (
            (hidden(HideCause.NOPAT, related=(ANOTHER,)),),
            SuppressedEntry(Reason.SOURCE_NOPAT, Outcome.WITHHELD, NAMED),
        ),
        ((hidden(HideCause.NOPAT, related=(ANOTHER,)), shown(HideCause.NOPAT)), None),
    ],
    ids=["nothing stated", "in error", "in error, with another", "nopat", "shown again"],
)
def test_why_an_entry_that_has_not_arrived_is_suppressed(
    changes: tuple[Any, ...], why: SuppressedEntry | None
) -> None:
    times = [NOW - timedelta(hours=2), NOW - timedelta(hours=1)]
    assert suppressed_by_hides(statements(*zip(changes, times, strict=False)), None) == why
