"""The loop every sink runs: read, apply and advance in one transaction, again.

An error ends the process; its supervisor starts it again and it goes on from its stored position. There is no other
recovery.
"""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.health import Health
from recordgate_runtime.isolation import Isolation
from recordgate_runtime.kafka import PartitionReader, partition_counts, topic_state
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import BATCH_SECONDS, BatchStage
from recordgate_runtime.partition_watch import PartitionWatch
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import TOPICS, Topic


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
) -> None:
    """Apply the topic to a database until asked to stop. `idle` runs between polls, outside any transaction."""
    stop = StopRequest()
    health = Health()
    health.serve(settings.metrics_port)
    start = _start_positions(topic, connection, settings)
    reader, watch = PartitionReader(topic, settings, start), PartitionWatch(settings, len(start))
    batches = Batches(topic, connection, handler, settings)
    health.ready()
    log(LogCode.STARTED, topic=topic.name)
    while not stop.requested:
        watch.check_if_due()
        records = reader.poll(wait_s=0.2, limit=settings.batch_entries)
        if passed := reader.passed():
            batches.run(passed, records)
        idle()
    watch.close()
    reader.close()


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
        self._reached: dict[int, int] = {}
        self._applied: list[Record] = []
        known = "select partition, record_offset from isolated_record where topic = %s"
        for partition, offset in connection.execute(known, (topic.name,)):
            self._isolation.fuse.remember(topic.name, partition, [offset])

    def run(self, passed: Sequence[Span], records: Sequence[Record]) -> None:
        """Apply the records and advance over all that was passed; records that cannot be applied are set aside."""
        self._reached = {span.partition: span.first for span in passed}
        self._applied = []
        self._isolation.run(records)
        if rest := [span for one in passed if (span := self._rest_of(one)).first < span.end]:
            with self._connection.transaction():
                positions.advance(self._connection, rest)
        if self._applied:
            self._handler.measure(self._applied)

    def _rest_of(self, passed: Span) -> Span:
        return replace(passed, first=self._reached[passed.partition])

    def _apply(self, records: Sequence[Record]) -> None:
        started, spans = time.monotonic(), self._spans(records)
        with self._connection.transaction():
            stood = positions.advance(self._connection, spans)
            new = [record for record in records if record.offset >= stood[record.partition]]
            if new:
                self._handler.apply(self._connection, new)
        self._note(spans)
        if new:
            BATCH_SECONDS.labels(self._handler.stage).observe(time.monotonic() - started)
            self._applied += new

    def _set_aside(self, record: Record, reason: str) -> None:
        spans = self._spans([record])
        with self._connection.transaction():
            stood = positions.advance(self._connection, spans)
            if record.offset >= stood[record.partition]:
                self._handler.set_aside(self._connection, record)
                self._connection.execute(
                    "insert into isolated_record values (%s, %s, %s, %s) on conflict do nothing",
                    (self._topic.name, record.partition, record.offset, reason),
                )
        self._note(spans)

    def _spans(self, records: Sequence[Record]) -> list[Span]:
        """Return the offsets from where each partition stands up to the last of these records."""
        ends: dict[int, int] = {}
        for record in records:
            ends[record.partition] = record.offset + 1
        return [Span(self._topic.name, p, self._reached[p], end) for p, end in ends.items()]

    def _note(self, spans: Sequence[Span]) -> None:
        self._reached |= {span.partition: span.end for span in spans}


def _start_positions(
    topic: Topic, connection: psycopg.Connection, settings: Settings
) -> dict[int, int]:
    partition_counts(TOPICS, settings)
    state = topic_state(topic, settings)
    with connection.transaction():
        positions.adopt_partitions(connection, state.partitions)
        for partition in range(state.partitions):
            positions.adopt(connection, topic.name, state.topic_id, partition)
        found = positions.read(connection, topic.name)
    if len(found) != state.partitions:
        raise FatalError(f"topic {topic.name}: partitions changed; see docs/runbook/partitions.md")
    return found
