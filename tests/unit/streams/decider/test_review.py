"""What a review can lift: all the holds its reviewer saw, of this very content, and nothing stronger."""

from typing import Any

import pytest

from recordgate_schemas.control import Level, ReviewAction, Reviewed
from recordgate_schemas.entry import Element, ElementKind, Kind, Marker, ThirdParty
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Integrity
from tests.support.builders import (
    RULESET,
    access,
    case,
    decide,
    entry,
    facts,
    reviewed,
    statements,
)

TWO_HOLDS: Any = {"third_party": ThirdParty.PRESENT, "markers": (Marker.COURT,)}
ALL_SEEN = reviewed(*(reason.value for reason in Reason))
REVIEWS = [
    # the reviewer                       review                                 becomes
    ("saw both holds", reviewed("THIRD_PARTY", "COURT"), Outcome.RELEASED),
    ("saw more than is left", reviewed("THIRD_PARTY", "COURT", "CONF"), Outcome.RELEASED),
    ("saw only one of two holds", reviewed("COURT"), Outcome.HELD),
    ("saw none", reviewed(), Outcome.HELD),
    ("saw another version", reviewed("THIRD_PARTY", "COURT", entry_version=2), Outcome.HELD),
    ("saw another body", reviewed("THIRD_PARTY", "COURT", body_sha256=b"x"), Outcome.HELD),
    ("reviewed it for a proxy", reviewed("THIRD_PARTY", "COURT", audience="proxy:g"), Outcome.HELD),
    ("withheld", reviewed("COURT", action=ReviewAction.WITHHOLD), Outcome.WITHHELD),
    (
        "withheld another version",
        reviewed("COURT", action=ReviewAction.WITHHOLD, entry_version=2),
        Outcome.HELD,
    ),
]


@pytest.mark.parametrize(
    ("review", "becomes"), [r[1:] for r in REVIEWS], ids=[r[0] for r in REVIEWS]
)
def test_a_held_entry_whose_reviewer(review: Reviewed, becomes: Outcome) -> None:
    context = case(entry=entry(**TWO_HOLDS), statements=statements(review))
    assert decide(context).outcome is becomes


ATTACHED = (Element(ElementKind.ATTACHMENT, "/content"), Element(ElementKind.FREE_TEXT, "/note"))
LEFT_OUT = [
    # the reviewer leaves out, of an entry with, becomes
    ((ElementKind.ATTACHMENT,), ATTACHED, Outcome.RELEASED_REDACTED),
    ((ElementKind.FREE_TEXT, ElementKind.ATTACHMENT), ATTACHED, Outcome.RELEASED_REDACTED),
    ((ElementKind.CHILD,), ATTACHED, Outcome.HELD),
    ((ElementKind.ATTACHMENT, ElementKind.CHILD), ATTACHED, Outcome.HELD),
    ((ElementKind.ATTACHMENT,), (), Outcome.HELD),
]


@pytest.mark.parametrize(("kinds", "elements", "becomes"), LEFT_OUT)
def test_a_release_leaves_out_what_its_reviewer_says_or_lifts_nothing(
    kinds: tuple[ElementKind, ...], elements: tuple[Element, ...], becomes: Outcome
) -> None:
    review = reviewed("THIRD_PARTY", "COURT", leave_out=kinds)
    held = entry(**TWO_HOLDS, elements=elements)
    decision = decide(case(entry=held, statements=statements(review)))
    assert decision.outcome is becomes
    assert decision.drop == (frozenset(kinds) if decision.released else frozenset())


def test_what_the_level_drops_is_dropped_as_well() -> None:
    review = reviewed("THIRD_PARTY", "COURT", leave_out=(ElementKind.ATTACHMENT,))
    held = entry(**TWO_HOLDS, elements=ATTACHED)
    level = facts(level=access(Level.DETAILED))
    decision = decide(case(entry=held, statements=statements(review), facts=level))
    assert decision.drop == {ElementKind.ATTACHMENT, ElementKind.FREE_TEXT}


@pytest.mark.parametrize("integrity", [Integrity(conflict=True), Integrity(body_mismatch=True)])
def test_a_review_never_lifts_an_integrity_hold(integrity: Integrity) -> None:
    context = case(integrity=integrity, statements=statements(ALL_SEEN))
    assert decide(context).outcome is Outcome.HELD


DETAILED = {"facts": facts(level=access(Level.DETAILED))}
NONE = {"facts": facts(level=access(Level.NONE))}
NOTE = (Element(ElementKind.FREE_TEXT, "/note"),)
STILL_BOUND = [
    ("unknown kind at level none", {"kind": Kind.UNKNOWN}, NONE, Outcome.NOT_ELIGIBLE),
    ("access code at level none", {"kind": Kind.ACCESS_CODE}, NONE, Outcome.NOT_ELIGIBLE),
    (
        "no date at level none",
        {"recorded_at": None, "event_date": None},
        NONE,
        Outcome.NOT_ELIGIBLE,
    ),
    ("unknown kind at detailed", {"kind": Kind.UNKNOWN}, DETAILED, Outcome.NOT_ELIGIBLE),
    (
        "no date and free text at detailed",
        {"recorded_at": None, "event_date": None, "elements": NOTE},
        DETAILED,
        Outcome.RELEASED_REDACTED,
    ),
    ("unknown kind at full", {"kind": Kind.UNKNOWN}, {}, Outcome.RELEASED),
]


@pytest.mark.parametrize(
    ("fields", "world", "becomes"), [s[1:] for s in STILL_BOUND], ids=[s[0] for s in STILL_BOUND]
)
def test_a_review_of_what_is_held_opens_no_more_than_the_patients_level(
    fields: Any, world: Any, becomes: Outcome
) -> None:
    context = case(entry=entry(**fields), statements=statements(ALL_SEEN), **world)
    assert decide(context).outcome is becomes


def test_a_released_hold_names_its_review_and_the_ruleset() -> None:
    decision = decide(case(entry=entry(**TWO_HOLDS), statements=statements(ALL_SEEN)))
    assert (decision.ruleset, decision.headline) == (RULESET.hash, Reason.REVIEWED)
    assert dict(decision.objections[0].because) == {
        "reviewed_at": "2025-06-03T08:00:00+00:00",
        "ground": "checked",
    }
