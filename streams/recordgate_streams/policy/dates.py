"""Days as people count them: Europe/London dates, ages, birthdays."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def local_day(instant: datetime) -> date:
    """Return the day in London at an instant (golden row 4)."""
    return instant.astimezone(LONDON).date()


def birthday(born: date, age: int) -> date:
    """Return the day a person turns `age`; who was born on 29 February turns on 1 March in common years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
