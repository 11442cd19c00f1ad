"""Proxy grants: when one ends, is suspended by a code, goes stale or is due for a review."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import ProxyEnded
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.policy.decision import EntryContext
from recordgate_streams.policy.facts import PatientSignal
from recordgate_streams.policy.rules.grant import is_due_for_review
from recordgate_streams.policy.settings import Numbers, PolicySettings, Signal
from tests.support.builders import (
    GRANT,
    NOW,
    PARTNER,
    RULESET,
    case,
    decide,
    facts,
    granted,
    proxy_case,
    registered,
)

GIVEN = datetime(2024, 1, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANOTHER = EntryId("another")


def reasons(context: EntryContext) -> set[Reason]:
    return {o.reason for o in decide(context).objections}


def counting(**numbers: Any) -> PolicySettings:
    changed: Numbers = replace(RULESET.settings.numbers, **numbers)
    return replace(RULESET.settings, numbers=changed)


@pytest.mark.parametrize(("at", "ends"), [(GIVEN - SECOND, False), (GIVEN, True)])
def test_a_control_ends_only_a_grant_no_later_than_itself(at: datetime, *, ends: bool) -> None:
    context = proxy_case((ProxyEnded(GRANT), at))
    assert (Reason.PROXY_ENDED in reasons(context)) is ends


@pytest.mark.parametrize(("at", "suspends"), [(GIVEN - SECOND, False), (GIVEN, True)])
@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (Signal.CHILD_SAFEGUARDING, Reason.SAFEGUARDING),
        (Signal.PARENTAL, Reason.PR_CHANGE),
    ],
)
def test_a_signal_suspends_only_a_grant_no_later_than_itself(
    signal: Signal, reason: Reason, at: datetime, *, suspends: bool
) -> None:
    signals = (PatientSignal(ANOTHER, signal, at),)
    known = facts((granted(), GIVEN)).with_signals({ANOTHER}, signals)
    assert (reason in reasons(case(facts=known, audience=PARTNER))) is suspends


def test_a_proxy_without_a_grant_is_not_eligible() -> None:
    assert decide(case(audience=PARTNER)).outcome is Outcome.NOT_ELIGIBLE


@pytest.mark.parametrize(
    ("granted_on", "over"), [(date(2020, 6, 3), True), (date(2020, 6, 4), False)]
)
def test_an_unused_grant_is_over_on_the_anniversary_some_years_later(
    granted_on: date, *, over: bool
) -> None:
    context = proxy_case((granted(granted_on=granted_on), NOW))
    assert (Reason.PROXY_STALE in reasons(context)) is over


def test_a_ruleset_may_set_any_review_age() -> None:
    known = facts((granted(), GIVEN), registration=registered(birth_date=date(2023, 8, 1)))
    audience = case(facts=known, audience=PARTNER, settings=counting(proxy_review_age=1)).audience
    assert audience.grant is not None
    assert is_due_for_review(audience, audience.grant)
