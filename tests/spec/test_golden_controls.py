"""Golden rows 29-41: declining, the codes 104 and 106, suspension, levels, unknown states."""

from datetime import date, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessReviewCoded,
    AccessSuspended,
    Level,
    ReviewCode,
)
from recordgate_schemas.entry import Element, ElementKind, Kind, Readiness
from recordgate_schemas.reasons import Outcome, Reason
from tests.spec.golden import NO_TASK, RETRACTED, effect, row
from tests.support.builders import NOW, RECORDED, access, case, entry, facts, registered

CODE_104 = AccessReviewCoded(ReviewCode.NEEDED_104)
CODE_106 = AccessReviewCoded(ReviewCode.NOT_NEEDED_106)
BEFORE = RECORDED - timedelta(days=1)
AFTER = RECORDED + timedelta(hours=1)
LATER = RECORDED + timedelta(hours=2)
FREE_TEXT = (Element(ElementKind.FREE_TEXT, "/note"),)
DETAILED = (access(Level.DETAILED), AFTER)

ROWS = (
    row(
        "11",
        "16 since May, 104 recorded before",
        lambda: case(
            facts=facts(
                (CODE_104, BEFORE),
                registration=registered(birth_date=date(2009, 5, 1)),
                level=access(effective_from=None),
            )
        ),
        Outcome.HELD,
        Reason.ACCESS_REVIEW,
    ),
    row(
        "29a",
        "declined",
        lambda: case(facts=facts(AccessDeclined())),
        Outcome.NOT_ELIGIBLE,
        Reason.DECLINED,
    ),
    row(
        "29b",
        "declined: nobody has to look",
        lambda: case(facts=facts(AccessDeclined())),
        NO_TASK,
        Reason.DECLINED,
    ),
    row(
        "30a",
        "declined after the release",
        lambda: case(facts=facts((AccessDeclined(), AFTER))),
        RETRACTED,
        Reason.DECLINED,
    ),
    row(
        "30b",
        "declined, entry recorded later",
        lambda: case(facts=facts((AccessDeclined(), BEFORE))),
        Outcome.NOT_ELIGIBLE,
        Reason.DECLINED,
    ),
    row(
        "31b",
        "opted in again the day after the entry of the gap",
        lambda: case(facts=facts((AccessDeclined(), BEFORE), (AccessOptedIn(), NOW))),
        Outcome.NOT_ELIGIBLE,
        Reason.HISTORIC,
    ),
    row(
        "32a",
        "104 while access is active, entry recorded after it",
        lambda: case(facts=facts((CODE_104, BEFORE))),
        Outcome.HELD,
        Reason.ACCESS_REVIEW,
    ),
    row(
        "32b",
        "104 while access is active, entry recorded before it",
        lambda: case(facts=facts((CODE_104, AFTER))),
        Outcome.RELEASED,
    ),
    row(
        "33a",
        "suspended after the release",
        lambda: case(facts=facts((AccessSuspended(), AFTER))),
        RETRACTED,
        Reason.SUSPENDED,
    ),
    row(
        "33c",
        "suspended, entry recorded later",
        lambda: case(facts=facts((AccessSuspended(), BEFORE))),
        Outcome.NOT_ELIGIBLE,
        Reason.SUSPENDED,
    ),
    row(
        "34b",
        "106 after the 104",
        lambda: case(facts=facts((CODE_104, BEFORE), (CODE_106, AFTER))),
        Outcome.RELEASED,
    ),
    row(
        "35",
        "104 and 106 at the same instant",
        lambda: case(facts=facts((CODE_104, BEFORE), (CODE_106, BEFORE))),
        Outcome.HELD,
        Reason.ACCESS_REVIEW,
    ),
    row(
        "36a",
        "the entry is itself a 103, 104 or 106",
        lambda: case(entry=entry(kind=Kind.ACCESS_CODE)),
        Outcome.HELD,
        Reason.ACCESS_CODE,
    ),
    row(
        "37",
        "recorded in the future",
        lambda: case(entry=entry(recorded_at=NOW + timedelta(minutes=1))),
        Outcome.HELD,
        Reason.FUTURE_DATED,
    ),
    row(
        "38",
        "suspended; what happens to the account changes nothing",
        lambda: case(facts=facts((AccessSuspended(), BEFORE), (access(), AFTER))),
        Outcome.NOT_ELIGIBLE,
        Reason.SUSPENDED,
    ),
    row(
        "39a",
        "full lowered to detailed, free text",
        lambda: case(entry=entry(elements=FREE_TEXT), facts=facts(DETAILED)),
        Outcome.RELEASED_REDACTED,
        Reason.FREE_TEXT_DROPPED,
    ),
    row(
        "39b",
        "full lowered to detailed, document",
        lambda: case(
            entry=entry(kind=Kind.DOCUMENT, readiness=Readiness.REVIEWED), facts=facts(DETAILED)
        ),
        RETRACTED,
        Reason.LEVEL,
    ),
    row(
        "40a",
        "no access level known",
        lambda: case(facts=facts(level=None)),
        Outcome.HELD,
        Reason.STATE_UNKNOWN,
    ),
    row(
        "40a",
        "nothing known at all",
        lambda: case(facts=facts(registration=None, level=None)),
        Outcome.HELD,
        Reason.STATE_UNKNOWN,
    ),
    row(
        "41",
        "a decline of yesterday arrives after today's release",
        lambda: case(
            entry=entry(recorded_at=NOW - timedelta(minutes=5)),
            facts=facts((AccessDeclined(), NOW - timedelta(days=1))),
        ),
        RETRACTED,
        Reason.DECLINED,
    ),
)


@pytest.mark.parametrize("golden", ROWS, ids=str)
def test_controls(golden: Any) -> None:
    assert (golden.expect, golden.reasons) == effect(golden)
