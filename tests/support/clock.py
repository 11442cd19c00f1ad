"""A clock for tests."""

from datetime import datetime


class FrozenClock:
    """Shows one instant until it is set to another."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant
