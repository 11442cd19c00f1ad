"""Facts are the same in any order and any number of arrivals; of a tie the stricter statement counts."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given

from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessReviewCoded,
    AreaSet,
    Deregistered,
    Level,
    ProxyEnded,
    ProxyUsed,
    RegistrationKind,
    ReviewCode,
    StateConfirmed,
    Verification,
)
from recordgate_schemas.entry import Kind
from recordgate_schemas.mapping import mapper
from recordgate_schemas.values import GrantId, OdsCode
from recordgate_streams.decider.fold import _put, fold_facts
from recordgate_streams.decider.record import ControlEvent
from recordgate_streams.policy.facts import Facts, latest_of
from tests.support.builders import (
    GRANT,
    OTHER_PRACTICE,
    POSITION,
    PRACTICE,
    access,
    control,
    event,
    granted,
    historic,
    registered,
)
from tests.support.strategies import entry_changes, patient_changes, stated, stated_twice

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
LATEST = AT + timedelta(days=2)
OTHER_GRANT = GrantId("grant-2")
Stated = list[tuple[Any, datetime]]


def folded(*stated: tuple[Any, datetime]) -> Facts:
    """What these changes come to in this order."""
    known = Facts()
    for change, at in stated:
        known = fold_facts(known, event(change, at, POSITION))
    return known


def known(*stated: tuple[Any, datetime]) -> Facts:
    """What these changes come to, in every order the same."""
    found = [folded(*order) for order in permutations(stated)]
    assert all(one == found[0] for one in found)
    return found[0]


@given(stated_twice(patient_changes()))
def test_any_order_and_any_repetition_of_the_same_controls_gives_the_same_facts(
    orders: tuple[Stated, Stated],
) -> None:
    once, shuffled = orders
    assert folded(*once) == folded(*shuffled)


@given(stated(patient_changes()))
def test_facts_survive_the_ledgers_json(changes: Stated) -> None:
    load, dump = mapper(Facts, "json")
    facts = folded(*changes)
    assert dump is not None
    assert facts == load(json.loads(json.dumps(dump(facts))))


@given(stated(entry_changes()))
def test_a_control_about_an_entry_changes_no_fact_of_its_patient(changes: Stated) -> None:
    assert folded(*changes) == Facts()


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
def test_of_two_statements_at_one_instant_the_stricter_counts(
    loose: Any, strict: Any, holds: Any
) -> None:
    assert holds(known((loose, AT), (strict, AT)))


@pytest.mark.parametrize(
    ("loose", "strict", "holds"), [t[1:] for t in TIES], ids=[t[0] for t in TIES]
)
def test_a_later_looser_statement_replaces_a_stricter_one(
    loose: Any, strict: Any, holds: Any
) -> None:
    assert not holds(known((strict, AT), (loose, LATER)))


def test_a_patient_who_left_and_came_back_has_not_left() -> None:
    back = registered(registered_on=date(2025, 3, 1))
    facts = known((registered(), AT), (Deregistered(PRACTICE, date(2025, 2, 1)), AT), (back, LATER))
    assert facts.registrations[0].has_left is False


def test_two_practices_that_claim_the_same_day_leave_no_current_registration() -> None:
    other = registered(practice=OTHER_PRACTICE)
    assert known((registered(), AT), (other, AT)).current_registration() is None


def test_a_confirmation_covers_only_the_unreadable_controls_before_it() -> None:
    confirmed = known((StateConfirmed(through=POSITION), AT)).confirmed_through
    states = {at: Facts(unreadable_at=at, confirmed_through=confirmed) for at in (5, 6)}
    assert {at: facts.unreadable for at, facts in states.items()} == {5: False, 6: True}


def test_a_confirmation_covers_nothing_that_comes_after_its_own_position() -> None:
    assert known((StateConfirmed(through=POSITION + 1), AT)).confirmed_through == POSITION


def test_an_unreadable_control_counts_until_a_confirmation_covers_it() -> None:
    unreadable = [ControlEvent(AT, position, None) for position in (3, 2)]
    repaired = event(StateConfirmed(through=3), AT, position=4)
    for order in permutations([*unreadable, repaired]):
        facts = Facts()
        for one in order:
            facts = fold_facts(facts, one)
        assert (facts.unreadable_at, facts.unreadable) == (3, False)
    assert fold_facts(Facts(), unreadable[0]).unreadable


def test_a_control_never_counts_from_later_than_it_was_received() -> None:
    early, late = (
        ControlEvent(LATER, 0, control(registered(), effective_at=at)) for at in (AT, LATEST)
    )
    assert [fold_facts(Facts(), one).registrations[0].at for one in (early, late)] == [AT, LATER]


def area(kind: Kind, practice: OdsCode = PRACTICE, *, shown: bool) -> AreaSet:
    return AreaSet(practice, kind, shown=shown)


def test_each_practice_and_kind_has_its_own_area() -> None:
    facts = known(
        (area(Kind.PROBLEM, shown=True), AT),
        (area(Kind.PROBLEM, shown=False), LATER),
        (area(Kind.ALLERGY, shown=True), AT),
        (area(Kind.PROBLEM, OTHER_PRACTICE, shown=True), LATEST),
    )
    assert [(a.practice, a.kind, a.at, a.shown) for a in facts.areas] == [
        (PRACTICE, Kind.ALLERGY, AT, True),
        (PRACTICE, Kind.PROBLEM, LATER, False),
        (OTHER_PRACTICE, Kind.PROBLEM, LATEST, True),
    ]


def test_of_two_settings_of_an_area_at_one_instant_not_shown_counts() -> None:
    tie = (area(Kind.PROBLEM, shown=True), AT), (area(Kind.PROBLEM, shown=False), AT)
    assert [a.shown for a in known(*tie).areas] == [False]


def test_each_grant_has_its_own_latest_use_and_end() -> None:
    facts = known(
        (ProxyUsed(GRANT), LATER),
        (ProxyUsed(GRANT), AT),
        (ProxyUsed(OTHER_GRANT), AT),
        (ProxyEnded(OTHER_GRANT), LATEST),
        (ProxyEnded(OTHER_GRANT), LATER),
    )
    uses, ends = facts.proxy_uses, facts.proxy_ends
    assert (latest_of(uses, GRANT), latest_of(uses, OTHER_GRANT)) == (LATER, AT)
    assert (latest_of(ends, GRANT), latest_of(ends, OTHER_GRANT)) == (None, LATEST)


def test_each_grant_counts_as_last_given() -> None:
    facts = known(
        (granted(level=Level.SUMMARY), AT),
        (granted(level=Level.FULL), LATER),
        (granted(OTHER_GRANT, level=Level.DETAILED), AT),
    )
    assert [(p.grant_id, p.level) for p in facts.proxies] == [
        (GRANT, Level.FULL),
        (OTHER_GRANT, Level.DETAILED),
    ]


def test_a_patient_left_a_practice_on_the_latest_day_ever_stated() -> None:
    first, last = date(2025, 2, 1), date(2025, 3, 1)
    for leaving in (
        ((Deregistered(PRACTICE, first), LATER), (Deregistered(PRACTICE, last), AT)),
        ((Deregistered(PRACTICE, last), LATER), (Deregistered(PRACTICE, first), AT)),
    ):
        (registration,) = known(*leaving, (registered(), LATEST)).registrations
        assert (registration.left_on, registration.at) == (last, LATEST)


def test_a_practice_whose_registration_is_unknown_counts_from_before_any() -> None:
    (registration,) = known((Deregistered(PRACTICE, date(2025, 2, 1)), AT)).registrations
    assert registration.registered_on is None
    assert registration.at < AT


def moved(*, to: str, on: date, left: date | None = None) -> Stated:
    practice = OdsCode(to)
    came = registered(practice=practice, registered_on=on), AT
    return [came] if left is None else [came, (Deregistered(practice, left), AT)]


FIRST, THEN, LAST = date(2019, 3, 1), date(2020, 3, 1), date(2025, 3, 1)


@pytest.mark.parametrize(
    ("changes", "practice"),
    [
        ([], None),
        ([(Deregistered(PRACTICE, LAST), AT)], None),
        (moved(to="A82038", on=THEN), "A82038"),
        (moved(to="A82038", on=THEN, left=LAST), "A82038"),
        (moved(to="A82038", on=FIRST) + moved(to="B81001", on=THEN), "B81001"),
        (moved(to="A82038", on=FIRST) + moved(to="B81001", on=THEN, left=LAST), "B81001"),
        (moved(to="A82038", on=THEN) + moved(to="B81001", on=THEN), None),
        (moved(to="A82038", on=THEN) + moved(to="B81001", on=THEN, left=LAST), "A82038"),
        (moved(to="A82038", on=THEN) + moved(to="B81001", on=THEN, left=THEN), "A82038"),
        (moved(to="A82038", on=THEN) + moved(to="B81001", on=THEN, left=FIRST), None),
        (moved(to="A82038", on=THEN, left=LAST) + moved(to="B81001", on=THEN, left=LAST), None),
    ],
)
def test_the_current_registration_is_the_newest_and_of_a_tie_the_one_not_left(
    changes: Stated, practice: str | None
) -> None:
    current = known(*changes).current_registration()
    assert (current.practice if current else None) == practice


GRANTS = [
    # loose                                     strict
    ({"level": Level.FULL}, {"level": Level.DETAILED}),
    ({"historic": historic()}, {"historic": None}),
    ({"historic": historic(Level.FULL)}, {"historic": historic(Level.SUMMARY)}),
    ({"granted_on": date(2024, 1, 1)}, {"granted_on": date(2024, 2, 1)}),
    ({"until": None}, {"until": date(2026, 1, 1)}),
    ({"until": date(2026, 2, 1)}, {"until": date(2026, 1, 1)}),
    ({"renewed_at_age": 12}, {"renewed_at_age": 11}),
    ({"renewed_at_age": 1}, {"renewed_at_age": 0}),
    ({"renewed_at_age": 1}, {"renewed_at_age": None}),
    ({"renewed_at_age": 0}, {"renewed_at_age": None}),
    ({"practice": PRACTICE}, {"practice": OTHER_PRACTICE}),
    # the field before decides
    ({"level": Level.FULL, "historic": None}, {"level": Level.SUMMARY, "historic": historic()}),
    (
        {"historic": historic(), "granted_on": date(2024, 2, 1)},
        {"historic": None, "granted_on": date(2024, 1, 1)},
    ),
    (
        {"granted_on": date(2024, 1, 1), "until": date(2026, 1, 1)},
        {"granted_on": date(2024, 2, 1), "until": None},
    ),
    (
        {"until": None, "renewed_at_age": None},
        {"until": date(2026, 1, 1), "renewed_at_age": 12},
    ),
    (
        {"renewed_at_age": 12, "practice": OTHER_PRACTICE},
        {"renewed_at_age": 11, "practice": PRACTICE},
    ),
]


@pytest.mark.parametrize(("loose", "strict"), GRANTS)
def test_of_two_grants_at_one_instant_the_stricter_counts(
    loose: dict[str, Any], strict: dict[str, Any]
) -> None:
    assert known((granted(**loose), AT), (granted(**strict), AT)) == known((granted(**strict), AT))


LEVELS = [
    # loose                                     strict
    ({"level": Level.SUMMARY}, {"level": Level.NONE}),
    ({"historic": historic()}, {"historic": None}),
    ({"historic": historic(Level.NONE)}, {"historic": None}),
    ({"historic": historic(Level.FULL)}, {"historic": historic(Level.SUMMARY)}),
    ({"historic": historic(checked=True)}, {"historic": historic(checked=False)}),
    ({"historic": historic(since=None)}, {"historic": historic(since=date(2020, 1, 1))}),
    ({"effective_from": None}, {"effective_from": date(2024, 1, 1)}),
    ({"practice_grant_from": date(2024, 1, 1)}, {"practice_grant_from": None}),
    ({"practice_grant_from": date(2024, 1, 1)}, {"practice_grant_from": date(2024, 2, 1)}),
    # the field before decides
    ({"level": Level.FULL, "historic": None}, {"level": Level.SUMMARY, "historic": historic()}),
    (
        {"historic": historic(), "effective_from": date(2024, 2, 1)},
        {"historic": None, "effective_from": date(2024, 1, 1)},
    ),
    (
        {"effective_from": date(2024, 1, 1), "practice_grant_from": None},
        {"effective_from": date(2024, 2, 1), "practice_grant_from": date(2024, 1, 1)},
    ),
]


@pytest.mark.parametrize(("loose", "strict"), LEVELS)
def test_of_two_levels_at_one_instant_the_stricter_counts(
    loose: dict[str, Any], strict: dict[str, Any]
) -> None:
    assert known((access(**loose), AT), (access(**strict), AT)) == known((access(**strict), AT))


def test_an_item_is_put_in_its_place_without_a_look_at_each_of_the_others() -> None:
    """Else a patient about whom thousands of controls come stops everybody: the work would grow with the square."""
    looked = []

    def key(at: Any) -> Any:
        looked.append(at)
        return at

    items = tuple(range(0, 8192, 2))
    assert _put(items, 4097, key) == tuple(sorted({*items, 4097}))  # type: ignore[type-var]
    assert _put(items, 4096, key) == items  # type: ignore[type-var]
    assert len(looked) < 60
