"""The loop every sink runs: read, apply and advance in one transaction, again.

An error ends the process; its supervisor starts it again and it goes on from its stored position. There is no other
recovery.
"""

import gc
import signal
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.health import Health
from recordgate_runtime.isolation import Isolation
from recordgate_runtime.kafka import PartitionReader, partition_counts, topic_state
from recordgate_runtime.log_watch import LogWatch
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import BATCH_SECONDS, BatchStage
from recordgate_runtime.pace import Every, Pace
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.topics import TOPICS, Topic

IDLE_S = 0.5
QUICK_IDLE_S = 0.2
"""Seconds to wait for a record before looking at the log and at a request to stop."""

QUICK_REST_S = 0.005
"""Most seconds that a quick sink rests after a batch: as long as the ticks of all partitions take to come."""

HOLES_S = 1.0
"""Seconds between two looks for offsets without a record; meanwhile the next record says that it lies behind some."""

_ASK_AGAIN_S = 0.2
"""Seconds until a broker that did not answer is asked again."""


class Handler(Protocol):
    """What a sink does with a batch, inside the transaction that advances its position."""

    @property
    def stage(self) -> BatchStage:
        """Its name in metrics."""

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records in order; no commit, no Kafka."""

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Do what is safe with a record that cannot be applied; no commit."""

    def measure(self, records: Sequence[Record]) -> None:
        """Called after the commit, to update metrics."""


class StopRequest:
    """Set by SIGTERM or SIGINT; the loop ends after the batch at hand."""

    def __init__(self) -> None:
        self.requested = False
        signal.signal(signal.SIGTERM, self._request)
        signal.signal(signal.SIGINT, self._request)

    def _request(self, *_: object) -> None:
        self.requested = True
        log(LogCode.STOPPING)


def run_sink(
    topic: Topic,
    connection: psycopg.Connection,
    handler: Handler,
    settings: Settings,
    *,
    idle: Callable[[], None] = lambda: None,
    quick: bool = False,
) -> None:
    """Apply the topic to a database until asked to stop. `idle` runs between polls, outside any transaction.

    More records are taken together as the load grows. `quick`: who must be fast above all hardly rests, and is idle
    more often.
    """
    stop = StopRequest()
    health = Health()
    health.serve(settings.metrics_port)
    _adopt(topic, connection, settings)
    watch = LogWatch(topic, settings, connection)
    start = {partition: one.next_offset for partition, one in watch.begin().items()}
    reader = PartitionReader(topic, settings, start)
    batches = Batches(topic, connection, handler, settings)
    pace = Pace(QUICK_REST_S if quick else settings.batch_wait_s)
    wait_s = QUICK_IDLE_S if quick else IDLE_S
    look_at_holes = Every(HOLES_S)
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    health.ready()
    log(LogCode.STARTED, topic=topic.name)
    while not stop.requested:
        watch.check_if_due()
        records = _read(reader, wait_s, settings.batch_entries, pace)
        passed = reader.passed() if not records and look_at_holes.is_due() else []
        touched = {record.partition for record in records}
        with pace.batch():
            while records and not stop.requested and not watch.confirm_stored(touched):
                idle()
                time.sleep(_ASK_AGAIN_S)
            if not stop.requested:
                batches.run(records, passed)
        idle()
    watch.close()
    reader.close()


def _read(reader: PartitionReader, wait_s: float, limit: int, pace: Pace) -> list[Record]:
    """Return the next records, together with those that come while the batch before is rested from."""
    records = reader.poll(wait_s, limit)
    if records and len(records) < limit and (rest_s := pace.rest_s()):
        time.sleep(rest_s)
        records += reader.poll(0, limit - len(records))
    return records


class Batches:
    """Applies what a reader passed, in bounded parts: the effects of each part in one transaction with its positions.

    SAFETY: offsets without a record are skipped, because the broker handed over all there is from the position on.
    """

    def __init__(
        self, topic: Topic, connection: psycopg.Connection, handler: Handler, settings: Settings
    ) -> None:
        """Take the handler of the topic; what was set aside before counts for the fuse."""
        self._topic, self._connection, self._handler = topic, connection, handler
        self._isolation = Isolation(self._apply, self._set_aside, settings)
        self._applied: list[Record] = []
        known = "select partition, record_offset from isolated_record where topic = %s"
        for partition, offset in connection.execute(known, (topic.name,)):
            self._isolation.fuse.remember(topic.name, partition, [offset])

    def run(self, records: Sequence[Record], passed: Sequence[Span] = ()) -> None:
        """Apply the records, then advance over what was passed behind them; what cannot be applied is set aside."""
        self._applied = []
        self._isolation.run(records)
        if passed:
            with self._connection.transaction():
                positions.advance(self._connection, passed)
        if self._applied:
            self._handler.measure(self._applied)

    def _apply(self, records: Sequence[Record]) -> None:
        started = time.monotonic()
        with self._connection.transaction():
            new = self._claim(records)
            if new:
                self._handler.apply(self._connection, new)
        if new:
            BATCH_SECONDS.labels(self._handler.stage).observe(time.monotonic() - started)
            self._applied += new

    def _set_aside(self, record: Record, reason: str) -> None:
        with self._connection.transaction():
            for one in self._claim([record]):
                self._handler.set_aside(self._connection, one)
                self._connection.execute(
                    "insert into isolated_record values (%s, %s, %s, %s) on conflict do nothing",
                    (self._topic.name, one.partition, one.offset, reason),
                )

    def _claim(self, records: Sequence[Record]) -> list[Record]:
        """Move the positions over the records and return those that are new."""
        spans = positions.spans_of(self._topic.name, records)
        return [
            one for advance in positions.advance(self._connection, spans) for one in advance.new
        ]


def _adopt(topic: Topic, connection: psycopg.Connection, settings: Settings) -> None:
    partition_counts(TOPICS, settings)
    state = topic_state(topic, settings)
    with connection.transaction():
        positions.adopt_partitions(connection, state.partitions)
        for partition in range(state.partitions):
            positions.adopt(connection, topic.name, state.topic_id, partition)
