"""Section 1, days: London days, birthdays, and the months an opinion holds."""

import calendar
from datetime import date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def day(instant: datetime) -> date:
    """Return the London day of an instant; the calendar's first day for the minutes London was still before it."""
    try:
        return instant.astimezone(LONDON).date()
    except OverflowError:
        return date.min


def years_after(start: date, years: int) -> date:
    """Return the same day and month `years` later; of 29 February, 1 March in common years; at most the last day."""
    year = start.year + years
    if year > date.max.year:
        return date.max
    if (start.month, start.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return date(year, start.month, start.day)


def months_after(start: date, months: int) -> date:
    """Return the same day of the month `months` later, or that month's last."""
    months_from_year_0 = start.year * 12 + (start.month - 1) + months
    year, month = months_from_year_0 // 12, months_from_year_0 % 12 + 1
    if year > date.max.year:
        return date.max
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
