"""The review sink: fills queues and task list from `held`. The highest sequence number per hold or task wins."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psycopg

from recordgate_consumers.review.rows import hold_row
from recordgate_consumers.review.task_rows import task_row
from recordgate_consumers.rows import columns, newest_rows
from recordgate_runtime.clock import Clock
from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import HOLDS_OPEN, POISON, Stage
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.messages import Held
from recordgate_schemas.topics import HELD

_SQL = Statements("recordgate_consumers.review", "sink.sql")
_COUNT_EVERY = timedelta(seconds=5)


class ReviewSink:
    """Applies `held` to holds and tasks (a sink's Handler)."""

    stage = Stage.REVIEW_SINK

    def __init__(self, due_after: timedelta) -> None:
        self._due_after = due_after

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Open, replace and close holds and tasks, set-based."""
        messages = [m for r in records if (m := _read(r)) is not None]
        holds = [hold for m in messages if (hold := hold_row(m, self._due_after)) is not None]
        tasks = [task for m in messages if (task := task_row(m)) is not None]
        if holds:
            connection.execute(_SQL["put_holds"], columns(newest_rows(holds)))
        if tasks:
            connection.execute(_SQL["put_tasks"], columns(newest_rows(tasks)))

    def applied(self, records: Sequence[Record]) -> None:
        """Nothing to measure per record."""


def _read(record: Record) -> Held | None:
    try:
        message: Held = codec.decode(HELD, record.value)
    except PoisonError:
        POISON.labels(HELD.name).inc()
        log(
            LogCode.POISON_SKIPPED,
            topic=HELD.name,
            partition=record.partition,
            offset=record.offset,
        )
        return None
    return message


def count_open(connection: psycopg.Connection, now: datetime) -> None:
    """Set the gauge of open holds."""
    with connection.transaction():
        row = connection.execute(_SQL["count_open"], {"now": now}).fetchone()
    if row is not None:
        HOLDS_OPEN.labels("past").set(row[1])
        HOLDS_OPEN.labels("ahead").set(row[0] - row[1])


class EverySoOften:
    """Calls a function when asked to, but no more often than every five seconds."""

    def __init__(self, clock: Clock, function: Callable[[datetime], None]) -> None:
        self._clock = clock
        self._function = function
        self._next: datetime | None = None

    def __call__(self) -> None:
        """Call the function if its time has come."""
        now = self._clock.now()
        if self._next is None or now >= self._next:
            self._function(now)
            self._next = now + _COUNT_EVERY
