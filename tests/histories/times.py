"""Days and instants on which something changes: London midnights, the nights clocks change, birthdays, six months."""

from datetime import datetime, timedelta

DAYS = (
    "2018-01-01",
    "2019-06-02",
    "2020-02-29",
    "2020-03-01",
    "2020-06-02",
    "2023-10-31",
    "2024-02-29",
    "2024-12-02",
    "2025-03-01",
    "2025-03-30",
    "2025-06-01",
    "2025-06-02",
    "2025-06-03",
)
BIRTH_DATES = (
    "1985-01-15",
    "2008-02-29",
    "2009-03-01",
    "2009-06-02",
    "2009-12-02",
    "2010-06-02",
    "2012-02-29",
    "2012-06-02",
    "2012-12-02",
    "2013-06-02",
    "2014-02-28",
    "2014-06-02",
)
_MIDNIGHTS = (
    "2023-10-31T00:00:00+00:00",
    "2025-01-01T00:00:00+00:00",
    "2025-03-01T00:00:00+00:00",
    "2025-03-30T01:00:00+00:00",
    "2025-06-01T23:00:00+00:00",
    "2025-10-26T00:00:00+00:00",
    "2025-10-26T01:00:00+00:00",
    "2025-12-02T00:00:00+00:00",
)
_INSTANT_BEFORE = timedelta(microseconds=1)


def _with_the_instant_before(texts: tuple[str, ...]) -> list[str]:
    return [
        instant.isoformat()
        for text in texts
        for instant in (
            datetime.fromisoformat(text),
            datetime.fromisoformat(text) - _INSTANT_BEFORE,
        )
    ]


INSTANTS = (
    "2019-06-02T09:00:00+00:00",
    "2024-01-01T09:00:00+00:00",
    "2024-06-03T09:00:00+00:00",
    "2025-06-02T10:30:00+00:00",
    "2025-06-02T11:30:00+00:00",
    "2025-06-02T12:30:00+01:00",
    *_with_the_instant_before(_MIDNIGHTS),
)
"""When something counts, was recorded or extracted."""

_EARLY_NOWS = (*_with_the_instant_before(_MIDNIGHTS[3:5]), "2025-02-28T12:00:00+00:00")
_LATE_NOWS = (
    *_with_the_instant_before(_MIDNIGHTS[5:]),
    "2025-06-02T12:00:00+00:00",
    "2025-07-02T10:30:00+00:00",
    "2025-07-02T10:29:59.999999+00:00",
    "2026-02-28T12:00:00+00:00",
    "2026-06-02T12:00:00+00:00",
    "2028-02-29T00:00:00+00:00",
    "2030-06-01T22:59:59+00:00",
    "2030-06-01T23:00:00+00:00",
)
NOWS = tuple(datetime.fromisoformat(text) for text in (*_EARLY_NOWS, *_LATE_NOWS, *_LATE_NOWS))
