"""The loop every sink runs: read, apply and advance in one transaction, again.

An error ends the process; its supervisor starts it again and it goes on from its stored position. There is no other
recovery.
"""

import signal
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.health import Health
from recordgate_runtime.kafka import (
    PartitionReader,
    Record,
    partition_counts,
    topic_state,
)
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import BATCH_SECONDS, BatchStage
from recordgate_runtime.partition_watch import PartitionWatch
from recordgate_runtime.positions import Span
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
    health.ready()
    log(LogCode.STARTED, topic=topic.name)
    while not stop.requested:
        watch.check_if_due()
        records = reader.poll(wait_s=0.2, limit=settings.batch_entries)
        if passed := reader.passed():
            started = time.monotonic()
            if new := apply_batch(connection, handler, passed, records):
                BATCH_SECONDS.labels(handler.stage).observe(time.monotonic() - started)
                handler.measure(new)
        idle()
    watch.close()
    reader.close()


def apply_batch(
    connection: psycopg.Connection,
    handler: Handler,
    passed: list[Span],
    records: Sequence[Record],
) -> list[Record]:
    """Advance the positions and apply the records in one transaction; return those no other process had applied.

    SAFETY: offsets without a record are skipped, because the broker handed over all there is from the position on.
    """
    with connection.transaction():
        stood = positions.advance(connection, passed)
        new = [record for record in records if record.offset >= stood[record.partition]]
        if new:
            handler.apply(connection, new)
    return new


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
