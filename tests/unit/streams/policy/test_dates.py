"""Days in London, birthdays, months; and the ends of the calendar, beyond which there is no error."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from recordgate_streams.policy.dates import (
    LAST,
    begins,
    birthday,
    later,
    local_day,
    months_after,
)

WEST, EAST = timezone(timedelta(hours=-5)), timezone(timedelta(hours=5))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2025, 6, 2, 22, 59, tzinfo=UTC), date(2025, 6, 2)),
        (datetime(2025, 6, 2, 23, 0, tzinfo=UTC), date(2025, 6, 3)),
        (datetime(2025, 12, 2, 23, 0, tzinfo=UTC), date(2025, 12, 2)),
        (datetime(9999, 12, 31, 23, tzinfo=WEST), date.max),
        (datetime(1, 1, 1, tzinfo=EAST), date.min),
    ],
)
def test_the_day_in_london(instant: datetime, day: date) -> None:
    assert local_day(instant) == day


@pytest.mark.parametrize(
    ("born", "age", "day"),
    [
        (date(2010, 6, 2), 16, date(2026, 6, 2)),
        (date(2012, 2, 29), 16, date(2028, 2, 29)),
        (date(2012, 2, 29), 13, date(2025, 3, 1)),
        (date(9983, 6, 2), 16, date(9999, 6, 2)),
        (date(9984, 6, 2), 16, date.max),
    ],
)
def test_birthdays(born: date, age: int, day: date) -> None:
    assert birthday(born, age) == day


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 8, 30), 6, date(2025, 2, 28)),
        (date(2025, 6, 15), 6, date(2025, 12, 15)),
        (date(2025, 7, 15), 6, date(2026, 1, 15)),
        (date(2025, 12, 31), 0, date(2025, 12, 31)),
        (date(9999, 6, 15), 6, date(9999, 12, 15)),
        (date(9999, 7, 15), 6, date.max),
    ],
)
def test_months_later(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2025, 6, 2), datetime(2025, 6, 1, 23, tzinfo=UTC)),
        (date(2025, 12, 2), datetime(2025, 12, 2, tzinfo=UTC)),
        (date.max, datetime(9999, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_in_london_given_in_utc(day: date, instant: datetime) -> None:
    assert begins(day) == instant
    assert begins(day).tzinfo is UTC


def test_days_later_count_24_hours_each_and_stop_at_the_end_of_the_calendar() -> None:
    day_before_the_last = LAST - timedelta(days=1)
    assert later(datetime(2025, 3, 29, 12, tzinfo=UTC), 2) == datetime(2025, 3, 31, 12, tzinfo=UTC)
    assert later(day_before_the_last, 1) == LAST
    assert later(LAST, 2) == LAST
