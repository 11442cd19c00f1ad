"""Due dates: working days in England, from the library's bank holidays, at the end of a day in London."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_consumers.review.deadlines import deadline, is_working_day, working_days_between

DAYS = [
    # opened in UTC, working days, due in UTC
    ("2026-11-20T12:00", 1, "2026-11-24T00:00"),  # Friday noon to Monday, at the end of the day
    ("2026-11-20T12:00", 10, "2026-12-05T00:00"),
    ("2026-11-21T09:00", 1, "2026-11-24T00:00"),  # a Saturday: time begins on Monday
    ("2026-12-23T09:00", 2, "2026-12-30T00:00"),  # Christmas, Boxing Day on a Saturday, its Monday
    ("2027-03-25T12:00", 1, "2027-03-30T23:00"),  # Good Friday, Easter Monday, and summer time
    ("2026-08-28T12:00", 1, "2026-09-01T23:00"),  # the summer bank holiday
]


@pytest.mark.parametrize(("opened", "days", "due"), DAYS)
def test_a_due_date_passes_over_weekends_and_bank_holidays(
    opened: str, days: int, due: str
) -> None:
    found = deadline(datetime.fromisoformat(opened).replace(tzinfo=UTC), days).due_at
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_bank_holidays_are_englands() -> None:
    assert not is_working_day(date(2026, 4, 6))  # Easter Monday: not one in Scotland
    assert is_working_day(date(2026, 11, 30))  # St Andrew's Day: not one in England
    assert not is_working_day(date(2022, 9, 19))  # the Queen's funeral


INSTANTS = st.integers(1_704_067_200, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(INSTANTS, st.integers(1, 20))
def test_half_comes_before_most_and_most_before_the_end(opened: datetime, days: int) -> None:
    found = deadline(opened, days)
    assert opened < found.half_at < found.most_at < found.due_at
    last = (found.due_at - timedelta(seconds=1)).date()
    assert is_working_day(last)
    assert working_days_between(opened, found.due_at - timedelta(seconds=1)) in (days - 1, days)


@given(INSTANTS, INSTANTS)
def test_what_was_opened_later_is_due_no_sooner(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert deadline(first, 10).due_at <= deadline(second, 10).due_at
