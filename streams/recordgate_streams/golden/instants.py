"""Days and instants of the tables: written out, or counted from the moment at which a case is run."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from recordgate_streams.policy.dates import LONDON, local_day, months_after

_COUNTED = re.compile(
    r"(?P<from>now|today)"
    r"(?P<steps>(?: [+-] \d+ (?:minute|hour|day|month|year)s?)*)"
    r"(?: at (?P<clock>\d\d:\d\d))?"
)
_STEP = re.compile(r"([+-]) (\d+) (minute|hour|day|month|year)")
MONTHS = {"month": 1, "year": 12}


def resolve(value: Any, now: datetime) -> Any:
    """Return plain JSON data: counted days and instants worked out, all of them as ISO text, "" as None."""
    if isinstance(value, dict):
        return {name: resolve(part, now) for name, part in value.items()}
    if isinstance(value, list):
        return [resolve(part, now) for part in value]
    if isinstance(value, str):
        counted = _COUNTED.fullmatch(value)
        return (_count(counted, now).isoformat() if counted else value) or None
    return value.isoformat() if isinstance(value, date) else value


def before(now: datetime, steps: str) -> datetime:
    """Return the instant so long before `now`, for example "1 day"; the text itself comes from a table."""
    counted = _COUNTED.fullmatch(f"now - {steps}")
    if counted is None:
        raise ValueError("not a length of time, such as 1 day")
    return datetime.fromisoformat(str(resolve(counted.group(), now)))


def _count(counted: re.Match[str], now: datetime) -> date:
    at = datetime.combine(local_day(now), time.min, LONDON) if counted["from"] == "today" else now
    for sign, number, unit in _STEP.findall(counted["steps"]):
        at = _step(at, int(f"{sign}{number}"), unit)
    if counted["clock"]:
        return datetime.combine(at.date(), time.fromisoformat(counted["clock"]), LONDON)
    return at.date() if counted["from"] == "today" else at


def _step(at: datetime, number: int, unit: str) -> datetime:
    if unit in MONTHS:
        day = months_after(at.date(), number * MONTHS[unit])
        return datetime.combine(day, at.timetz())
    return at + timedelta(**{f"{unit}s": number})
