"""What a reviewer is told when something stands against every entry of a patient: the facts that each reason names."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    AccessDeclined,
    AccessSuspended,
    Died,
    NhsNumberChanged,
    NumberSide,
    ProxyEnded,
    RegistrationKind,
    SensitivityFlagged,
    Verification,
)
from recordgate_schemas.reasons import Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.decide import decide
from recordgate_streams.policy.decision import Case, Decision
from recordgate_streams.policy.facts import Said
from recordgate_streams.policy.settings import Signal
from tests.support.builders import (
    GRANT,
    NOW,
    OTHER_PRACTICE,
    PARTNER,
    RULESET,
    access,
    case,
    facts,
    granted,
    proxy_case,
    registered,
)

SETTINGS = RULESET.settings
SAID = "2025-06-03 08:00:00+00:00"
"""When the builders say what they say."""
GIVEN = datetime.fromisoformat("2024-01-01T09:00:00+00:00")


def patient(*said: Any, **parts: Any) -> Case:
    return case(facts=facts(*said, **parts))


def child(born: date, **grant: Any) -> Case:
    given = (granted(**grant), GIVEN)
    return case(facts=facts(given, registration=registered(birth_date=born)), audience=PARTNER)


PARENTAL = Said(EntryId("another"), Signal.PARENTAL, NOW - timedelta(hours=1))
CARE_ORDER = facts((granted(), GIVEN)).with_signals(EntryId("another"), (PARENTAL,))
NEEDS_ACCOUNT = replace(SETTINGS, switches=replace(SETTINGS.switches, needs_account=True))
UNREADABLE = case(facts=replace(facts(), unreadable_at=3))
NO_ACCOUNT = case(settings=NEEDS_ACCOUNT)

STANDING: list[tuple[Case, Reason, dict[str, str]]] = [
    (UNREADABLE, Reason.STATE_UNKNOWN, {"control": "one could not be read"}),
    (patient(registration=None), Reason.STATE_UNKNOWN, {"registration": "none known"}),
    (
        patient(registered(practice=OTHER_PRACTICE)),
        Reason.STATE_UNKNOWN,
        {"registration": "several begin the same day"},
    ),
    (patient(level=None), Reason.STATE_UNKNOWN, {"access_level": "none known"}),
    (
        patient(registration=registered(verification=Verification.UNVERIFIED)),
        Reason.IDENTITY,
        {"nhs_number": "unverified"},
    ),
    (patient(Died(None)), Reason.DECEASED, {}),
    (patient(NhsNumberChanged(NumberSide.OLD)), Reason.IDENTITY_CHANGE, {"nhs_number": "replaced"}),
    (patient(NhsNumberChanged(NumberSide.NEW)), Reason.IDENTITY_CHANGE, {"nhs_number": "new"}),
    (
        patient(registration=registered(registration=RegistrationKind.TEMPORARY)),
        Reason.NOT_REGISTERED,
        {"kind": "temporary"},
    ),
    (patient(AccessSuspended()), Reason.SUSPENDED, {"since": SAID}),
    (patient(SensitivityFlagged(flagged=True)), Reason.S_FLAG, {"since": SAID}),
    (patient(AccessDeclined()), Reason.DECLINED, {"latest_wish": "declined"}),
    (NO_ACCOUNT, Reason.NO_ACCOUNT, {"account": "none linked"}),
    (
        patient(registration=registered(birth_date=date(2010, 7, 2))),
        Reason.UNDER_16,
        {"turns_16": "2026-07-02"},
    ),
    (
        patient(
            registration=registered(birth_date=date(2013, 7, 2)),
            level=access(practice_grant_from=date(2024, 1, 1)),
        ),
        Reason.UNDER_13,
        {"turns_13": "2026-07-02"},
    ),
    (case(audience=PARTNER), Reason.PROXY_UNKNOWN, {}),
    (proxy_case(ProxyEnded(GRANT)), Reason.PROXY_ENDED, {"ended": "by a control"}),
    (
        proxy_case((granted(until=date(2025, 5, 1)), NOW)),
        Reason.PROXY_ENDED,
        {"until": "2025-05-01"},
    ),
    (child(date(2009, 1, 15)), Reason.PROXY_16, {"turned_16": "2025-01-15"}),
    (child(date(2012, 1, 15)), Reason.PROXY_AGE, {"child_turned": "13"}),
    (child(date(2014, 1, 15)), Reason.PROXY_AGE, {"child_turned": "11"}),
    (
        proxy_case((granted(granted_on=date(2020, 6, 1)), NOW)),
        Reason.PROXY_STALE,
        {"unused_until": "2025-06-01"},
    ),
    (
        proxy_case((granted(practice=OTHER_PRACTICE), NOW)),
        Reason.LEFT_PRACTICE,
        {"grant": OTHER_PRACTICE},
    ),
    (
        case(facts=CARE_ORDER, audience=PARTNER),
        Reason.PR_CHANGE,
        {"coded_at": SAID},
    ),
]


def told(decision: Decision, reason: Reason) -> list[dict[str, str]]:
    return [dict(o.because) for o in decision.objections if o.reason is reason]


@pytest.mark.parametrize(("asked", "reason", "because"), STANDING)
def test_a_reason_against_all_says_what_it_rests_on(
    asked: Case, reason: Reason, because: dict[str, str]
) -> None:
    assert told(decide(asked, RULESET.hash), reason) == [because]
