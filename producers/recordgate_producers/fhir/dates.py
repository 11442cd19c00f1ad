"""FHIR dates and times, complete or partial. Without a zone they are local to England (Europe/London)."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?")
YEARS = range(1850, 2200)
"""Years that occur in a record. Others are typing errors; refusing them also keeps time arithmetic from overflowing."""


def instant(value: str) -> datetime | None:
    """Return a date or time as UTC, a date as the start of its day in London; None if it is neither."""
    try:
        if _INSTANT.fullmatch(value):
            moment = datetime.fromisoformat(value)
        else:
            moment = datetime.combine(_first_day(value), time.min)
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)


def day(value: str) -> date | None:
    """Return the day a date or time names, as written; the first one of a year or month; None if none."""
    try:
        timed = _INSTANT.fullmatch(value)
        found = datetime.fromisoformat(value).date() if timed else _first_day(value)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def local_day(moment: datetime) -> date:
    """Return the day of a moment in England."""
    return moment.astimezone(LONDON).date()


def milliseconds(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970, exactly, without floating point."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _first_day(value: str) -> date:
    match = _DAY.fullmatch(value)
    if match is None:
        raise ValueError("not a FHIR date")
    year, month, day_of_month = match.groups()
    return date(int(year), int(month or 1), int(day_of_month or 1))
