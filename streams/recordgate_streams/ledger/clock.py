"""What time it is for a lane: the ledger database's clock, believed only while no other clock contradicts it.

SAFETY: a clock that is ahead releases what is dated into the future, one that is behind keeps proxies reading beyond
their end. Which of two clocks is wrong cannot be known, so a lane stops and a person looks (docs/runbook/clock.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import psycopg

from recordgate_runtime.clock import Clock
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements
from recordgate_schemas.errors import FatalError

_SQL = Statements("recordgate_streams.ledger", "clock.sql")
_PAGE = "see docs/runbook/clock.md"


@dataclass(frozen=True, slots=True)
class Reading:
    """The time of one transaction. Nothing that has happened may be dated later than `latest`."""

    at: datetime
    latest: datetime

    def check(self, records: Sequence[Record]) -> None:
        """Raise FatalError when the broker took a record later than now, by its own clock."""
        newest = max(records, key=lambda record: record.timestamp_ms, default=None)
        if newest is not None and newest.published_at > self.latest:
            raise FatalError(
                f"{newest.topic}/{newest.partition}: the broker took offset {newest.offset} at"
                f" {shown(newest.published_at)}, the ledger's clock says {shown(self.at)}; {_PAGE}"
            )


class LedgerClock(Protocol):
    """Gives a lane's transactions their time."""

    def read(self, db: psycopg.Connection) -> Reading:
        """Return the time, inside a transaction."""


class CheckedClock:
    """The database's clock, compared with the process's and with the newest decision.

    `most`: by how much clocks may differ. What was accepted with `recordgate clock accept` counts against no clock.
    """

    def __init__(self, process: Clock, most: timedelta) -> None:
        self._process, self._most = process, most

    def read(self, db: psycopg.Connection) -> Reading:
        """Return the database's time; raise FatalError when another clock contradicts it."""
        at, decided_at, accepted_until = self._compared(db)
        latest = max(at + self._most, accepted_until or at)
        if decided_at is not None and decided_at > latest:
            raise FatalError(
                f"the newest decision is dated {shown(decided_at)}, the ledger's clock says {shown(at)}; {_PAGE}"
            )
        return Reading(at, latest)

    def accept(self, db: psycopg.Connection, until: datetime) -> int:
        """Let dates up to an instant stop nobody, and have whom they concern decided again; return how many patients.

        Raises FatalError while the clocks of process and ledger differ: first they are set right.
        """
        with db.transaction():
            self._compared(db)
            db.execute(_SQL["accept"], {"until": until})
            return db.execute(_SQL["decide_again"]).rowcount

    def _compared(
        self, db: psycopg.Connection
    ) -> tuple[datetime, datetime | None, datetime | None]:
        before = self._process.now()
        row = db.execute(_SQL["read_clock"]).fetchone()
        after = self._process.now()
        if row is None:
            raise FatalError(f"the ledger's clock cannot be read; {_PAGE}")
        at, decided_at, accepted_until = row
        if not before - self._most <= at <= after + self._most:
            raise FatalError(
                f"clocks differ: this process's says {shown(after)}, the ledger's {shown(at)}; {_PAGE}"
            )
        return at, decided_at, accepted_until


def shown(instant: datetime) -> str:
    """Return an instant as messages show it: UTC, whole seconds."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")
