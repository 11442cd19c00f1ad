"""The gate's lease: the view is readable only while the gate lane proves that it applies everything there is.

Once a second and per partition, in this order: read T from the database, see that the topic is the same, send a tick
and learn its offset, see that the gate has applied everything below it, stamp the partition with T. INVARIANT: a
control that was acknowledged before T lies below the tick, so a stamp never promises more than was applied.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import psycopg

from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import GATE_LEASE, GATE_LEASE_LEFT, TICKS_FAILED
from recordgate_runtime.sql import Statements
from recordgate_schemas.errors import FatalError

_SQL = Statements("recordgate_consumers.view", "gate_lease.sql")


class Ticks(Protocol):
    """Where ticks go and what becomes of them (recordgate_runtime.tick_sender)."""

    @property
    def topic_id(self) -> str:
        """The topic's id at the start."""

    @property
    def partitions(self) -> int:
        """The topic's partition count at the start."""

    def topic_is_the_same(self) -> bool:
        """Whether id and count are what they were; False when unknown; raise FatalError when they are not."""

    def send(self, partition: int) -> None:
        """Send a tick."""

    def results(self) -> dict[int, int | None]:
        """Return offsets of ticks that were acknowledged since the last call; None for one that was not."""


@dataclass(slots=True)
class _Round:
    """A tick of one partition: T, the same instant on this process's own clock, and the offset once acknowledged."""

    at: datetime
    seen: float
    offset: int | None = None


class GateLease:
    """Renews the lease, partition by partition. `renew` is called between polls, outside any transaction."""

    def __init__(
        self, connection: psycopg.Connection, ticks: Ticks, lease: timedelta, every: timedelta
    ) -> None:
        self._db, self._ticks, self._lease, self._every = connection, ticks, lease, every
        self._rounds: dict[int, _Round] = {}
        self._due = 0.0
        self._fresh = dict.fromkeys(range(ticks.partitions), float("-inf"))
        self._reported = dict.fromkeys(self._fresh, time.monotonic())
        self._open()
        GATE_LEASE.set(lease.total_seconds())
        for partition in self._fresh:
            GATE_LEASE_LEFT.labels(str(partition)).set_function(partial(self._left, partition))

    def renew(self) -> None:
        """Stamp the partitions whose ticks have come through, and send the next ticks when they are due."""
        self._note_results()
        self._stamp()
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every.total_seconds()
            self._begin()
        self._warn()

    def _open(self) -> None:
        """Make the partitions' rows, never fresh so far; their number is the view's partition count from now on."""
        wanted = {"partitions": self._ticks.partitions, "lease": self._lease}
        with self._db.transaction():
            self._db.execute(_SQL["open_partitions"], wanted)
            self._db.execute(_SQL["set_lease"], wanted)
            row = self._db.execute(_SQL["count_partitions"]).fetchone()
        if row is None or row[0] != self._ticks.partitions:
            raise FatalError("topic controls: partitions changed; see docs/runbook/partitions.md")

    def _begin(self) -> None:
        idle = [partition for partition in self._fresh if partition not in self._rounds]
        if not idle:
            return
        seen = time.monotonic()
        row = self._db.execute(_SQL["read_clock"]).fetchone()
        if row is None or not self._ticks.topic_is_the_same():
            TICKS_FAILED.inc(len(idle))
            return
        for partition in idle:
            self._rounds[partition] = _Round(row[0], seen)
            self._ticks.send(partition)

    def _note_results(self) -> None:
        for partition, offset in self._ticks.results().items():
            if offset is None:
                TICKS_FAILED.inc()
                del self._rounds[partition]
            else:
                self._rounds[partition].offset = offset

    def _stamp(self) -> None:
        """SAFETY: the topic is looked at again after its ticks were acknowledged, or their offsets may be another's."""
        through = {p: r for p, r in self._rounds.items() if r.offset is not None}
        if not through:
            return
        if not self._ticks.topic_is_the_same():
            TICKS_FAILED.inc(len(through))
            for partition in through:
                del self._rounds[partition]
            return
        columns = {
            "topic_id": self._ticks.topic_id,
            "partitions": list(through),
            "offsets": [r.offset for r in through.values()],
            "ats": [r.at for r in through.values()],
        }
        for (partition,) in self._db.execute(_SQL["stamp"], columns).fetchall():
            self._fresh[partition] = self._rounds.pop(partition).seen

    def _warn(self) -> None:
        """Say it when half of the lease has passed since a partition's stamp, or since it was last said."""
        now = time.monotonic()
        for partition, stamped in self._fresh.items():
            if now - max(stamped, self._reported[partition]) > self._lease.total_seconds() / 2:
                self._reported[partition] = now
                advice = "see docs/runbook/gate-not-fresh.md"
                log(LogCode.GATE_NOT_FRESH, topic="controls", partition=partition, advice=advice)

    def _left(self, partition: int) -> float:
        return max(0.0, self._fresh[partition] + self._lease.total_seconds() - time.monotonic())
