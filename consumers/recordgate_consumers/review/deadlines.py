"""When work is due and when it escalates: working days in England, as the library `holidays` knows them.

Time counts on working days only, from midnight to midnight in London, and work is due at the end of a working day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

_LONDON = ZoneInfo("Europe/London")
_DAY = timedelta(days=1)
_SATURDAY = 5
STEPS = (50, 80, 100)
"""At which percentages of the time it has work escalates."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When 50 % and 80 % of the time are used, and when the work is due. All in UTC."""

    half_at: datetime
    most_at: datetime
    due_at: datetime


def deadline(opened_at: datetime, working_days: int) -> Deadline:
    """Return the deadline of work that has so many working days; a day that is none does not count."""
    used = (_after(opened_at, working_days * step / 100) for step in STEPS)
    half, most, last = used
    return Deadline(_utc(half), _utc(most), _utc(_end_of_day(last)))


def is_working_day(day: date) -> bool:
    """True on Monday to Friday, except England's bank holidays."""
    return day.weekday() < _SATURDAY and day not in _bank_holidays()


def working_days_between(start: datetime, end: datetime) -> int:
    """Return how many working days of London begin after `start` and not after `end`."""
    first, last = start.astimezone(_LONDON).date(), end.astimezone(_LONDON).date()
    span = range(1, (last - first).days + 1)
    return sum(is_working_day(first + n * _DAY) for n in span)


@cache
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv="ENG")


def _after(instant: datetime, working_days: float) -> datetime:
    """Return the London wall time at which so many working days have passed."""
    at = instant.astimezone(_LONDON).replace(tzinfo=None)
    left = timedelta(days=working_days)
    while True:
        midnight = datetime.combine(at.date() + _DAY, time.min)
        if is_working_day(at.date()):
            if left <= midnight - at:
                return at + left
            left -= midnight - at
        at = midnight


def _end_of_day(at: datetime) -> datetime:
    """The midnight that ends the working day; an instant that is a midnight ends the day before."""
    is_midnight = at.time() == time.min
    return at if is_midnight else datetime.combine(at.date() + _DAY, time.min)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=_LONDON).astimezone(UTC)
