"""Days as people count them: Europe/London dates, ages, birthdays, months. Beyond the calendar is its end."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LAST = datetime.max.replace(tzinfo=UTC)


def local_day(instant: datetime) -> date:
    """Return the day in London at an instant (golden row 4)."""
    try:
        return instant.astimezone(LONDON).date()
    except OverflowError:
        return date.min if instant.year == 1 else date.max


def birthday(born: date, age: int) -> date:
    """Return the day a person turns `age`; who was born on 29 February turns on 1 March in common years."""
    if born.year + age > date.max.year:
        return date.max
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def months_after(day: date, months: int) -> date:
    """Return the same day of the month some months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def begins(day: date) -> datetime:
    """Return the instant, in UTC, at which a day begins in London."""
    try:
        return datetime.combine(day, time.min, LONDON).astimezone(UTC)
    except OverflowError:
        return LAST if day.year > 1 else datetime.min.replace(tzinfo=UTC)


def later(instant: datetime, days: int) -> datetime:
    """Return the instant so many times 24 hours later."""
    return LAST if instant > LAST - timedelta(days=days) else instant + timedelta(days=days)
