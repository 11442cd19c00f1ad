"""What stands of several statements: each about its own practice, kind or grant; the latest; of a tie the stricter."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from recordgate_schemas.control import AreaSet, Deregistered, Level, ProxyEnded, ProxyUsed
from recordgate_schemas.entry import Kind
from recordgate_schemas.values import GrantId, OdsCode
from recordgate_streams.decider.fold import fold
from recordgate_streams.policy.facts import Facts, latest_of
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

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
LATEST = AT + timedelta(days=2)
OTHER_GRANT = GrantId("grant-2")


def known(*said: tuple[Any, datetime]) -> Facts:
    """What these statements come to, in every order the same."""
    found = [_folded(order) for order in permutations(said)]
    assert all(one == found[0] for one in found)
    return found[0]


def _folded(said: tuple[tuple[Any, datetime], ...]) -> Facts:
    facts = Facts()
    for change, at in said:
        facts = fold(facts, control(change, effective_at=at), at)
    return facts


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


def test_of_two_words_about_an_area_at_one_instant_not_shown_stands() -> None:
    said = (area(Kind.PROBLEM, shown=True), AT), (area(Kind.PROBLEM, shown=False), AT)
    assert [a.shown for a in known(*said).areas] == [False]


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


def test_each_grant_stands_as_last_given() -> None:
    facts = known(
        (granted(level=Level.SUMMARY), AT),
        (granted(level=Level.FULL), LATER),
        (granted(OTHER_GRANT, level=Level.DETAILED), AT),
    )
    assert [(p.grant_id, p.level) for p in facts.proxies] == [
        (GRANT, Level.FULL),
        (OTHER_GRANT, Level.DETAILED),
    ]


def test_a_patient_left_a_practice_on_the_latest_day_ever_said() -> None:
    first, last = date(2025, 2, 1), date(2025, 3, 1)
    for said in (
        ((Deregistered(PRACTICE, first), LATER), (Deregistered(PRACTICE, last), AT)),
        ((Deregistered(PRACTICE, last), LATER), (Deregistered(PRACTICE, first), AT)),
    ):
        (registration,) = known(*said, (registered(), LATEST)).registrations
        assert (registration.left_on, registration.at) == (last, LATEST)


def test_a_practice_of_which_only_the_leaving_is_known_counts_from_before_any_registration() -> (
    None
):
    (registration,) = known((Deregistered(PRACTICE, date(2025, 2, 1)), AT)).registrations
    assert registration.registered_on is None
    assert registration.at < AT


def moved(*, to: str, on: date, left: date | None = None) -> list[tuple[Any, datetime]]:
    practice = OdsCode(to)
    came = registered(practice=practice, registered_on=on), AT
    return [came] if left is None else [came, (Deregistered(practice, left), AT)]


FIRST, THEN, LAST = date(2019, 3, 1), date(2020, 3, 1), date(2025, 3, 1)


@pytest.mark.parametrize(
    ("said", "practice"),
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
def test_which_registration_is_the_current_one(
    said: list[tuple[Any, datetime]], practice: str | None
) -> None:
    current = known(*said).current_registration()
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
def test_of_two_grants_at_one_instant_the_stricter_stands(
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
def test_of_two_levels_at_one_instant_the_stricter_stands(
    loose: dict[str, Any], strict: dict[str, Any]
) -> None:
    assert known((access(**loose), AT), (access(**strict), AT)) == known((access(**strict), AT))
