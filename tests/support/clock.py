"""A clock for tests."""

from datetime import UTC, datetime

import psycopg

from recordgate_streams.ledger.clock import Reading


class FrozenClock:
    """Shows one instant until it is set to another."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant

    def read(self, _db: psycopg.Connection) -> Reading:
        """Return the instant as the time of a lane's transaction, which nothing contradicts."""
        return Reading(self.instant, datetime.max.replace(tzinfo=UTC))
