"""Golden rows 1-28: who has the right, and from when on."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import (
    Deregistered,
    Died,
    Historic,
    Level,
    RegistrationKind,
    SensitivityFlagged,
    Verification,
)
from recordgate_schemas.entry import Element, ElementKind, Kind, Origin
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case
from tests.spec.golden import RETRACTED, effect, row
from tests.support.builders import (
    NOW,
    OTHER_PRACTICE,
    PRACTICE,
    access,
    case,
    entry,
    facts,
    historic,
    label,
    registered,
)

FREE_TEXT = (Element(ElementKind.FREE_TEXT, "/note"),)
MOVE = date(2025, 5, 10)
BIRTHDAY_16 = date(2025, 6, 3)
BORN_16_TODAY = date(2009, 6, 3)


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def of(recorded: datetime, **fields: Any) -> Any:
    """An entry recorded then, about the same day unless told otherwise."""
    return entry(**{"recorded_at": recorded, "event_date": recorded.date(), **fields})


def old_entry(grant: Historic, **fields: Any) -> Case:
    """An entry of 2019 under historic access."""
    return case(entry=of(at(2019, 5, 1), **fields), facts=facts(level=access(historic=grant)))


def born(day: date, **level: Any) -> Any:
    """The facts of a patient born that day."""
    from_16 = {"effective_from": None, **level}
    return facts(registration=registered(birth_date=day), level=access(**from_16))


def moved(grant: Historic | None = None) -> Any:
    """The facts of a patient who moved from A to B on 10 May 2025."""
    return facts(
        Deregistered(PRACTICE, MOVE),
        registered(practice=OTHER_PRACTICE, registered_on=MOVE),
        access(practice=OTHER_PRACTICE, effective_from=MOVE, historic=grant),
    )


def at_b(recorded: datetime, **fields: Any) -> Any:
    return of(recorded, practice=OTHER_PRACTICE, **fields)


def imported(grant: Historic | None = None, **fields: Any) -> Case:
    """A's entry of 2024, imported to B by GP2GP."""
    came = at_b(at(2024, 4, 1), origin=Origin.TRANSFER, **fields)
    return case(entry=came, facts=moved(grant))


ROWS = (
    row("1", "adult, new entry", case, Outcome.RELEASED),
    row(
        "2",
        "recorded the day before go-live",
        lambda: case(entry=of(at(2023, 10, 30))),
        Outcome.NOT_ELIGIBLE,
        Reason.HISTORIC,
    ),
    row(
        "3",
        "recorded at midnight of go-live",
        lambda: case(entry=of(at(2023, 10, 31, 0))),
        Outcome.RELEASED,
    ),
    row(
        "4",
        "starts 1 June; recorded 00:30 that day in London, still 31 May in UTC",
        lambda: case(
            entry=of(at(2024, 5, 31, 23, 30), event_date=date(2024, 6, 1)),
            facts=facts(level=access(effective_from=date(2024, 6, 1))),
        ),
        Outcome.RELEASED,
    ),
    row(
        "5",
        "typed today about 1998",
        lambda: case(entry=entry(event_date=date(1998, 3, 1))),
        Outcome.HELD,
        Reason.BACKDATED,
    ),
    row(
        "6",
        "historic detailed, checked; entry of 2019 with free text",
        lambda: old_entry(historic(Level.DETAILED), elements=FREE_TEXT),
        Outcome.RELEASED_REDACTED,
        Reason.FREE_TEXT_DROPPED,
    ),
    row(
        "7",
        "historic full since 2018, checked; entry of 2019",
        lambda: old_entry(historic(since=date(2018, 1, 1))),
        Outcome.RELEASED,
    ),
    row(
        "8",
        "the same, record not checked",
        lambda: old_entry(historic(since=date(2018, 1, 1), checked=False)),
        Outcome.HELD,
        Reason.HISTORIC_CHECK,
    ),
    row(
        "9",
        "16 tomorrow, no grant of the practice",
        lambda: case(facts=born(BORN_16_TODAY + timedelta(days=1))),
        Outcome.NOT_ELIGIBLE,
        Reason.UNDER_16,
        Reason.HISTORIC,
    ),
    row(
        "10a",
        "16 today, entry of today",
        lambda: case(entry=of(NOW - timedelta(hours=1)), facts=born(BORN_16_TODAY)),
        Outcome.RELEASED,
    ),
    row(
        "10b",
        "16 today, entry of yesterday",
        lambda: case(facts=born(BORN_16_TODAY)),
        Outcome.NOT_ELIGIBLE,
        Reason.HISTORIC,
    ),
    row(
        "12",
        "aged 14, granted detailed by the practice",
        lambda: case(
            entry=entry(elements=FREE_TEXT),
            facts=born(date(2011, 1, 1), level=Level.DETAILED, practice_grant_from=MOVE),
        ),
        Outcome.RELEASED_REDACTED,
        Reason.FREE_TEXT_DROPPED,
    ),
    row(
        "13a",
        "aged 12, granted all the same",
        lambda: case(facts=born(date(2013, 1, 1), practice_grant_from=MOVE)),
        Outcome.NOT_ELIGIBLE,
        Reason.UNDER_13,
    ),
    row(
        "14",
        "moved to B, B's entry of that day",
        lambda: case(entry=at_b(at(2025, 5, 10)), facts=moved()),
        Outcome.RELEASED,
    ),
    row(
        "15",
        "moved to B, what A had released",
        lambda: case(entry=of(at(2025, 5, 1)), facts=moved()),
        RETRACTED,
        Reason.LEFT_PRACTICE,
        Reason.HISTORIC,
    ),
    row(
        "16",
        "moved to B, A's entry of 2024 imported",
        imported,
        Outcome.NOT_ELIGIBLE,
        Reason.HISTORIC_IMPORT,
    ),
    row(
        "17a",
        "the same with NOPAT",
        lambda: imported(labels=label("NOPAT")),
        Outcome.NOT_ELIGIBLE,
        Reason.HISTORIC_IMPORT,
        Reason.SOURCE_NOPAT,
    ),
    row(
        "17b",
        "the same with NOPAT, historic access granted",
        lambda: imported(historic(), labels=label("NOPAT")),
        Outcome.WITHHELD,
        Reason.SOURCE_NOPAT,
    ),
    row(
        "18",
        "historic access granted, the old system drops hide tags",
        lambda: imported(historic(), hide_tags_trusted=False),
        Outcome.HELD,
        Reason.HISTORIC_CHECK,
    ),
    row(
        "20",
        "registered as temporary",
        lambda: case(facts=facts(registration=registered(registration=RegistrationKind.TEMPORARY))),
        Outcome.NOT_ELIGIBLE,
        Reason.NOT_REGISTERED,
    ),
    row(
        "21",
        "left A, late entry from A",
        lambda: case(facts=facts(Deregistered(PRACTICE, date(2025, 6, 1)))),
        Outcome.NOT_ELIGIBLE,
        Reason.INACTIVE,
    ),
    row(
        "22a",
        "died, new entry",
        lambda: case(facts=facts(Died(date(2025, 6, 1)))),
        Outcome.NOT_ELIGIBLE,
        Reason.DECEASED,
    ),
    row(
        "23a",
        "flagged sensitive in demographics",
        lambda: case(facts=facts(SensitivityFlagged(flagged=True))),
        Outcome.NOT_ELIGIBLE,
        Reason.S_FLAG,
    ),
    row(
        "24a",
        "NHS number not verified",
        lambda: case(facts=facts(registration=registered(verification=Verification.UNVERIFIED))),
        Outcome.HELD,
        Reason.IDENTITY,
    ),
    row(
        "26",
        "level none",
        lambda: case(facts=facts(level=access(Level.NONE))),
        Outcome.NOT_ELIGIBLE,
        Reason.LEVEL_NONE,
    ),
    row(
        "27a",
        "level summary, a problem",
        lambda: case(entry=entry(kind=Kind.PROBLEM), facts=facts(level=access(Level.SUMMARY))),
        Outcome.NOT_ELIGIBLE,
        Reason.LEVEL,
    ),
    row(
        "27b",
        "level summary, a medicine",
        lambda: case(entry=entry(kind=Kind.MEDICATION), facts=facts(level=access(Level.SUMMARY))),
        Outcome.RELEASED,
    ),
)


@pytest.mark.parametrize("golden", ROWS, ids=str)
def test_right_and_window(golden: Any) -> None:
    assert (golden.expect, golden.reasons) == effect(golden)
