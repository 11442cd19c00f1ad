"""When time alone changes a decision: the next instant, strictly after now, and nothing that has passed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import ProxyUsed, ReviewAction, ReviewGround
from recordgate_schemas.entry import Marker
from recordgate_streams.decider.timers import changes_at, closes_at, entry_changes_at
from recordgate_streams.policy.audience import AudienceContext
from tests.support.builders import (
    GRANT,
    NOW,
    PARTNER,
    RECORDED,
    RULESET,
    case,
    entry,
    facts,
    granted,
    registered,
    reviewed,
    statements,
)

GIVEN = datetime(2024, 1, 1, 9, tzinfo=UTC)
STALE = datetime(2029, 1, 1, tzinfo=UTC)
"""Five years after the grant, if nobody uses it."""


def proxy(*stated: Any, born: date | None = date(1985, 1, 15), **grant: Any) -> AudienceContext:
    registration = None if born is None else registered(birth_date=born)
    known = facts((granted(**grant), GIVEN), *stated, registration=registration)
    return case(facts=known, audience=PARTNER).audience


def patient(born: date | None, now: datetime = NOW) -> AudienceContext:
    registration = None if born is None else registered(birth_date=born)
    return case(facts=facts(registration=registration), now=now).audience


CLOSES = [
    ("unused for years", proxy(), STALE),
    ("used today", proxy(ProxyUsed(GRANT)), datetime(2030, 6, 2, 23, tzinfo=UTC)),
    (
        "the day after its end begins",
        proxy(until=date(2025, 7, 1)),
        datetime(2025, 7, 1, 23, tzinfo=UTC),
    ),
    ("an end that has passed", proxy(until=date(2025, 6, 1)), STALE),
    ("an end at the end of time", proxy(until=date.max), STALE),
    ("an end in its last year but one", proxy(until=date(9998, 1, 1)), STALE),
    ("no birth date known", proxy(born=None), STALE),
    (
        "the child turns 11",
        proxy(born=date(2014, 12, 10)),
        datetime(2025, 12, 10, tzinfo=UTC),
    ),
    (
        "the child turns 13",
        proxy(born=date(2012, 12, 10)),
        datetime(2025, 12, 10, tzinfo=UTC),
    ),
    (
        "the child turns 16",
        proxy(born=date(2009, 12, 10)),
        datetime(2025, 12, 10, tzinfo=UTC),
    ),
    (
        "the first of several",
        proxy(born=date(2014, 12, 10), until=date(2025, 12, 8)),
        datetime(2025, 12, 9, tzinfo=UTC),
    ),
    ("at that very instant it has passed", replace(proxy(), now=STALE), None),
]


@pytest.mark.parametrize(
    ("audience", "at"), [row[1:] for row in CLOSES], ids=[row[0] for row in CLOSES]
)
def test_when_a_proxy_may_lose_what_it_sees(audience: AudienceContext, at: datetime | None) -> None:
    assert closes_at(audience) == at
    assert changes_at(audience) == at


TURNS_16 = datetime(2025, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("audience", "at"),
    [
        (patient(date(2012, 12, 10)), TURNS_16),
        (patient(date(2009, 12, 10)), TURNS_16),
        (patient(date(2009, 12, 10), TURNS_16 - timedelta(seconds=1)), TURNS_16),
        (patient(date(2009, 12, 10), TURNS_16), None),
        (patient(None), None),
    ],
    ids=["turns 13", "turns 16", "in a second", "has just turned 16", "no birth date known"],
)
def test_when_time_changes_what_the_patient_sees(
    audience: AudienceContext, at: datetime | None
) -> None:
    assert changes_at(audience) == at
    assert closes_at(audience) is None


def with_delay(days: int, **fields: Any) -> datetime | None:
    numbers = replace(RULESET.settings.numbers, abnormal_delay_days=days)
    settings = replace(RULESET.settings, numbers=numbers)
    return entry_changes_at(case(entry=entry(**fields), settings=settings))


@pytest.mark.parametrize(
    ("days", "fields", "at"),
    [
        (0, {}, None),
        (0, {"recorded_at": None}, None),
        (0, {"recorded_at": None, "event_date": None}, None),
        (
            0,
            {"recorded_at": None, "event_date": date(2025, 7, 1)},
            datetime(2025, 6, 30, 23, tzinfo=UTC),
        ),
        (0, {"recorded_at": NOW + timedelta(hours=1)}, NOW + timedelta(hours=1)),
        (3, {}, None),
        (3, {"markers": (Marker.ABNORMAL,)}, RECORDED + timedelta(days=3)),
        (0, {"markers": (Marker.ABNORMAL,), "available_at": NOW + timedelta(hours=1)}, None),
        (
            3,
            {"markers": (Marker.ABNORMAL,), "available_at": None, "recorded_at": None},
            RECORDED + timedelta(days=3, hours=1),
        ),
    ],
)
def test_when_time_changes_the_decision_about_an_entry(
    days: int, fields: dict[str, Any], at: datetime | None
) -> None:
    assert with_delay(days, **fields) == at


HARM = {
    "action": ReviewAction.WITHHOLD,
    "ground": ReviewGround.SERIOUS_HARM,
    "clinician_opinion_on": date(2025, 5, 1),
}


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({}, datetime(2025, 11, 1, tzinfo=UTC)),
        ({"ground": ReviewGround.CHECKED}, None),
        ({"action": ReviewAction.RELEASE}, None),
        ({"ground": ReviewGround.CHECKED, "clinician_opinion_on": None}, None),
    ],
    ids=["harm", "another ground", "a release", "no opinion"],
)
def test_when_an_opinion_goes_stale(changed: dict[str, Any], at: datetime | None) -> None:
    review = statements(reviewed(**{**HARM, **changed}))
    assert entry_changes_at(case(statements=review)) == at
