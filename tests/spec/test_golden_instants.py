"""Days and instants of the golden tables, counted from the moment of the run, in London's days."""

from datetime import UTC, datetime

import pytest

from recordgate_streams.golden.instants import before, resolve

SUMMER = datetime(2026, 7, 14, 23, 30, tzinfo=UTC)
LEAP_DAY = datetime(2028, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "now", "meant"),
    [
        ("today", SUMMER, "2026-07-15"),
        ("today - 1 day", SUMMER, "2026-07-14"),
        ("today at 00:00", SUMMER, "2026-07-15T00:00:00+01:00"),
        ("today - 1 day at 23:59", SUMMER, "2026-07-14T23:59:00+01:00"),
        ("now - 2 hours", SUMMER, "2026-07-14T21:30:00+00:00"),
        ("now + 30 minutes", SUMMER, "2026-07-15T00:00:00+00:00"),
        ("today - 16 years", LEAP_DAY, "2012-02-29"),
        ("today - 13 years", LEAP_DAY, "2015-02-28"),
        ("today - 16 years + 1 day", LEAP_DAY, "2012-03-01"),
        ("today - 6 months", LEAP_DAY, "2027-08-29"),
        ("now", LEAP_DAY, "2028-02-29T12:00:00+00:00"),
    ],
)
def test_what_is_counted(written: str, now: datetime, meant: str) -> None:
    assert resolve(written, now) == meant


def test_what_is_written_out_stays_and_the_empty_word_is_nothing() -> None:
    given = {"at": SUMMER, "day": SUMMER.date(), "word": "nowhere", "none": "", "list": ["today"]}
    assert resolve(given, SUMMER) == {
        "at": "2026-07-14T23:30:00+00:00",
        "day": "2026-07-14",
        "word": "nowhere",
        "none": None,
        "list": ["2026-07-15"],
    }


def test_how_long_before() -> None:
    assert before(SUMMER, "2 days") == datetime(2026, 7, 12, 23, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="1 day"):
        before(SUMMER, "two days")
