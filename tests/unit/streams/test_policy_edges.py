"""At the very instant, on the very day, with the one field missing: where a rule begins and ends."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import HideCause, ProxyEnded
from recordgate_schemas.entry import Element, ElementKind, Link, Marker, Relation
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.cascade import (
    Relative,
    Root,
    relative_of,
    root_of,
    root_of_unseen,
)
from recordgate_streams.decider.decide import decide
from recordgate_streams.policy.decision import Case, Objection
from recordgate_streams.policy.facts import Said
from recordgate_streams.policy.rules.grant import is_due_for_review
from recordgate_streams.policy.settings import Numbers, Signal
from tests.support.builders import (
    GRANT,
    NOW,
    PARTNER,
    RULESET,
    case,
    entry,
    facts,
    granted,
    hidden,
    marks,
    proxy_case,
    registered,
    shown,
)

GIVEN = datetime(2024, 1, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANOTHER = EntryId("another")


def reasons(asked: Case) -> set[Reason]:
    return {o.reason for o in decide(asked, RULESET.hash).objections}


def counting(**numbers: Any) -> Any:
    changed: Numbers = replace(RULESET.settings.numbers, **numbers)
    return replace(RULESET.settings, numbers=changed)


@pytest.mark.parametrize(("said_at", "ends"), [(GIVEN - SECOND, False), (GIVEN, True)])
def test_a_grant_ends_when_that_was_said_no_earlier_than_the_grant(
    said_at: datetime, *, ends: bool
) -> None:
    asked = proxy_case((ProxyEnded(GRANT), said_at))
    assert (Reason.PROXY_ENDED in reasons(asked)) is ends


@pytest.mark.parametrize(("said_at", "suspends"), [(GIVEN - SECOND, False), (GIVEN, True)])
@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (Signal.CHILD_SAFEGUARDING, Reason.SAFEGUARDING),
        (Signal.PARENTAL, Reason.PR_CHANGE),
    ],
)
def test_a_signal_suspends_grants_no_later_than_itself(
    signal: Signal, reason: Reason, said_at: datetime, *, suspends: bool
) -> None:
    known = facts((granted(), GIVEN)).with_signals(ANOTHER, (Said(ANOTHER, signal, said_at),))
    assert (reason in reasons(case(facts=known, audience=PARTNER))) is suspends


def test_who_has_no_grant_sees_nothing() -> None:
    assert decide(case(audience=PARTNER), RULESET.hash).outcome is Outcome.NOT_ELIGIBLE


@pytest.mark.parametrize(
    ("granted_on", "over"), [(date(2020, 6, 3), True), (date(2020, 6, 4), False)]
)
def test_an_unused_grant_is_over_on_the_very_day_some_years_later(
    granted_on: date, *, over: bool
) -> None:
    asked = proxy_case((granted(granted_on=granted_on), NOW))
    assert (Reason.PROXY_STALE in reasons(asked)) is over


def test_the_review_age_may_be_any() -> None:
    known = facts((granted(), GIVEN), registration=registered(birth_date=date(2023, 8, 1)))
    standing = case(facts=known, audience=PARTNER, settings=counting(proxy_review_age=1)).standing
    assert standing.grant is not None
    assert is_due_for_review(standing, standing.grant)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"available_at": NOW - timedelta(days=2)}, True),
        ({"available_at": NOW - timedelta(days=3)}, False),
        ({"available_at": None, "recorded_at": NOW - timedelta(days=2)}, True),
        ({"available_at": None, "recorded_at": NOW - timedelta(days=3)}, False),
        ({"available_at": NOW, "recorded_at": NOW - timedelta(days=3)}, True),
        ({"available_at": None, "recorded_at": None}, False),
        ({"available_at": NOW, "markers": ()}, False),
    ],
)
def test_an_abnormal_result_waits_from_when_it_was_available_or_else_recorded(
    fields: dict[str, Any], *, waits: bool
) -> None:
    asked = entry(**{"markers": (Marker.ABNORMAL,), **fields})
    found = reasons(case(entry=asked, settings=counting(abnormal_delay_days=3)))
    assert (Reason.DELAYED in found) is waits


def test_what_closure_needs_of_an_entry() -> None:
    made = entry(
        links=(Link(ANOTHER, Relation.PART_OF),),
        elements=(Element(ElementKind.FREE_TEXT, "/note"),),
    )
    links = ((Relation.PART_OF, ANOTHER),)
    assert relative_of(made, conflict=True) == Relative(
        made.entry_id, links, has_text=True, conflict=True
    )
    assert relative_of(entry(), conflict=False) == Relative(
        made.entry_id, (), has_text=False, conflict=False
    )


NAMED = frozenset({ANOTHER})
WITHHELD = Objection(Reason.SOURCE_HIDE, Outcome.WITHHELD, {}, conceals=True)
HELD = Objection(Reason.THIRD_PARTY, Outcome.HELD, {}, conceals=True)
OPEN = Objection(Reason.IN_ERROR, Outcome.WITHHELD, {})


@pytest.mark.parametrize(
    ("objections", "related", "root"),
    [
        ((), frozenset(), None),
        ((OPEN,), frozenset(), None),
        ((OPEN,), NAMED, Root(Reason.LINKED, Outcome.RELEASED, NAMED)),
        ((HELD, OPEN), NAMED, Root(Reason.LINKED, Outcome.HELD, NAMED)),
        ((HELD, WITHHELD), NAMED, Root(Reason.SOURCE_HIDE, Outcome.WITHHELD, NAMED)),
    ],
)
def test_why_an_entry_is_concealed(
    objections: tuple[Objection, ...], related: frozenset[EntryId], root: Root | None
) -> None:
    assert root_of(objections, related) == root


@pytest.mark.parametrize(
    ("said", "root"),
    [
        ((), None),
        ((hidden(HideCause.IN_ERROR),), None),
        (
            (hidden(HideCause.IN_ERROR, related=(ANOTHER,)),),
            Root(Reason.LINKED, Outcome.RELEASED, NAMED),
        ),
        (
            (hidden(HideCause.NOPAT, related=(ANOTHER,)),),
            Root(Reason.SOURCE_NOPAT, Outcome.WITHHELD, NAMED),
        ),
        ((hidden(HideCause.NOPAT, related=(ANOTHER,)), shown(HideCause.NOPAT)), None),
    ],
    ids=["nothing said", "in error", "in error, with another", "nopat", "shown again"],
)
def test_why_an_entry_that_has_not_arrived_is_concealed(
    said: tuple[Any, ...], root: Root | None
) -> None:
    times = [NOW - timedelta(hours=2), NOW - timedelta(hours=1)]
    assert root_of_unseen(marks(*zip(said, times, strict=False))) == root
