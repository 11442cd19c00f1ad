"""When the next batch should begin: at once in thin traffic, and with more records in it as the load grows.

A batch costs a fixed amount however few records it has. So after each one a reader rests for a few times as long as it
took, and gathers what comes meanwhile. Who has rested long enough already, because nothing came, begins at once.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REST = 3
"""A rest is so many times as long as the batch before: in thin traffic at most a quarter of a core is used."""


class Pace:
    """Knows how long the last batch took. `longest_s`: no rest is longer; under load this is nothing beside a batch."""

    def __init__(self, longest_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._longest_s, self._monotonic = longest_s, monotonic
        self._rested_at = monotonic()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Measure a batch; the rest begins when it ends."""
        started = self._monotonic()
        yield
        ended = self._monotonic()
        self._rested_at = ended + min(self._longest_s, REST * (ended - started))

    def rest_s(self) -> float:
        """Return the seconds that are left to gather in; 0 when the next batch may begin."""
        return max(0.0, self._rested_at - self._monotonic())


class Every:
    """Says when something is due that is done at most once in a period."""

    def __init__(self, period_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._period_s, self._monotonic = period_s, monotonic
        self._due = monotonic()

    def is_due(self) -> bool:
        """Whether the period is over; then another one begins."""
        now = self._monotonic()
        if now < self._due:
            return False
        self._due = now + self._period_s
        return True
