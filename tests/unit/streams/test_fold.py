"""Facts do not depend on the order, or the number of times, in which the same controls arrive."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessReviewCoded,
    Deregistered,
    Level,
    ProxyEnded,
    RegistrationKind,
    ReviewCode,
    StateConfirmed,
    Verification,
)
from recordgate_schemas.mapping import mapper
from recordgate_streams.decider.fold import fold
from recordgate_streams.policy.facts import Facts
from tests.support.builders import (
    GRANT,
    OTHER_PRACTICE,
    PRACTICE,
    access,
    control,
    granted,
    historic,
    registered,
)
from tests.support.strategies import entry_changes, patient_changes, said, said_twice

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
Said = list[tuple[Any, datetime]]


def known(*said: tuple[Any, datetime]) -> Facts:
    facts = Facts()
    for change, at in said:
        facts = fold(facts, control(change, effective_at=at), at)
    return facts


@given(said_twice(patient_changes()))
def test_any_order_and_any_repetition_of_the_same_controls_gives_the_same_facts(
    orders: tuple[Said, Said],
) -> None:
    once, shuffled = orders
    assert known(*once) == known(*shuffled)


@given(said(patient_changes()))
def test_facts_survive_the_ledgers_json(said: Said) -> None:
    load, dump = mapper(Facts, "json")
    facts = known(*said)
    assert dump is not None
    assert facts == load(json.loads(json.dumps(dump(facts))))


@given(said(entry_changes()))
def test_what_is_said_of_an_entry_changes_no_fact_of_its_patient(said: Said) -> None:
    assert known() == known(*said)


TIES = [
    ("decline beats opt-in", AccessOptedIn(), AccessDeclined(), lambda f: f.declined.is_on),
    (
        "104 beats 106",
        AccessReviewCoded(ReviewCode.NOT_NEEDED_106),
        AccessReviewCoded(ReviewCode.NEEDED_104),
        lambda f: f.review_needed.is_on,
    ),
    (
        "the lower level beats the higher",
        access(Level.FULL),
        access(Level.SUMMARY),
        lambda f: f.access[-1].level is Level.SUMMARY,
    ),
    (
        "no historic access beats some",
        access(historic=historic()),
        access(),
        lambda f: f.access[-1].historic is None,
    ),
    (
        "a later start beats an earlier one",
        access(effective_from=date(2024, 6, 1)),
        access(effective_from=date(2024, 10, 1)),
        lambda f: f.access[-1].effective_from == date(2024, 10, 1),
    ),
    (
        "a shorter history beats a longer one",
        access(historic=historic(since=date(2018, 6, 1))),
        access(historic=historic(since=date(2018, 10, 1))),
        lambda f: f.access[-1].historic.since == date(2018, 10, 1),
    ),
    (
        "an unchecked history beats a checked one",
        access(historic=historic(checked=True)),
        access(historic=historic(checked=False)),
        lambda f: not f.access[-1].historic.checked,
    ),
    (
        "temporary beats regular",
        registered(),
        registered(registration=RegistrationKind.TEMPORARY),
        lambda f: f.registrations[0].kind is RegistrationKind.TEMPORARY,
    ),
    (
        "unverified beats verified",
        registered(),
        registered(verification=Verification.UNVERIFIED),
        lambda f: f.registrations[0].verification is Verification.UNVERIFIED,
    ),
    (
        "a later registration beats an earlier one",
        registered(registered_on=date(2020, 3, 1)),
        registered(registered_on=date(2020, 10, 1)),
        lambda f: f.registrations[0].registered_on == date(2020, 10, 1),
    ),
    (
        "the end of a grant beats the grant",
        granted(),
        ProxyEnded(GRANT),
        lambda f: f.proxy_ends[0].at >= f.proxies[0].at,
    ),
]


@pytest.mark.parametrize(
    ("loose", "strict", "holds"), [t[1:] for t in TIES], ids=[t[0] for t in TIES]
)
def test_of_two_statements_at_one_instant_the_stricter_one_stands(
    loose: Any, strict: Any, holds: Any
) -> None:
    assert holds(known((loose, AT), (strict, AT)))
    assert holds(known((strict, AT), (loose, AT)))


@pytest.mark.parametrize(
    ("loose", "strict", "holds"), [t[1:] for t in TIES], ids=[t[0] for t in TIES]
)
def test_a_later_looser_statement_replaces_a_stricter_one(
    loose: Any, strict: Any, holds: Any
) -> None:
    assert not holds(known((strict, AT), (loose, LATER)))
    assert not holds(known((loose, LATER), (strict, AT)))


def test_a_patient_who_left_and_came_back_has_not_left() -> None:
    back = registered(registered_on=date(2025, 3, 1))
    facts = known((registered(), AT), (Deregistered(PRACTICE, date(2025, 2, 1)), AT), (back, LATER))
    assert facts.registrations[0].has_left is False


def test_two_practices_that_claim_the_same_day_leave_no_current_registration() -> None:
    other = registered(practice=OTHER_PRACTICE)
    assert known((registered(), AT), (other, AT)).current_registration() is None


def test_a_confirmation_covers_only_the_unreadable_controls_before_it() -> None:
    facts = known((StateConfirmed(through=5), AT))
    told = [
        (at, Facts(unreadable_at=at, confirmed_through=facts.confirmed_through)) for at in (5, 6)
    ]
    assert {at: f.unreadable for at, f in told} == {5: False, 6: True}
