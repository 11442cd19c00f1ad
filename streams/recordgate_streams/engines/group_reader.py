"""Reads a lane's topic with librdkafka: partitions as the consumer group deals them out, from the ledger's positions.

What Kafka has committed for the group is a hint for dashboards. INVARIANT: what was fetched before partitions moved is
dropped and read again from the ledger's position, so that a jump between two records is always a hole of the log.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from recordgate_runtime.kafka import not_let_in, topic_name
from recordgate_runtime.kafka_access import access
from recordgate_runtime.log_watch import OUTSIDE_PAGE
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_streams.lanes.lane import Lane

Begin = Callable[[Sequence[int]], Mapping[int, int]]
"""Finishes what a crash cut short on partitions that are now ours, and returns where to read each of them on."""

_END = KafkaError._PARTITION_EOF  # noqa: SLF001  the name it has in the client
_GONE = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001
"""What the client says when the log has no longer what comes next. It never chooses a position itself."""

_REFUSED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)


class GroupReader:
    """A member of a lane's consumer group. One thread uses it."""

    def __init__(self, lane: Lane, group: str, settings: Settings, begin: Begin) -> None:
        """Join the group; the first `read` waits for partitions."""
        topic = self._topic = lane.topic
        self._partitions, self._settings, self._begin = lane.partitions, settings, begin
        self._name = topic_name(topic, settings)
        self._next: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._gathered: list[Record] = []
        self._consumer = Consumer(
            {
                **access(settings).librdkafka(),
                "group.id": group,
                "group.instance.id": f"{topic.name}-{settings.process}",
                "partition.assignment.strategy": "range",
                "session.timeout.ms": 10_000,
                "max.poll.interval.ms": 600_000,
                "heartbeat.interval.ms": 2_000,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.auto.commit": True,
                "enable.auto.offset.store": False,
                "auto.commit.interval.ms": 500,
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": settings.batch_bytes // 1024,
                "fetch.message.max.bytes": max(1 << 20, topic.max_bytes + 8192),
                "check.crcs": True,
                "log.connection.close": False,
                "reconnect.backoff.max.ms": 1_000,
            },
            logger=logging.getLogger("librdkafka"),
        )
        self._consumer.subscribe(
            [self._name], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )

    @property
    def owned(self) -> list[int]:
        """The partitions that are ours now."""
        return sorted(self._next)

    def read(self, wait_s: float, rest_s: Callable[[], float]) -> list[Record]:
        """Return the next records, in order per partition: none if none comes in time.

        After the first one, others are gathered while `rest_s` says that there is time left, and as long as more are
        at hand. A batch is bounded in records and in bytes, a larger record is alone. Raises FatalError when the log
        has lost what comes next, RetryableError when Kafka refuses.
        """
        self._gathered = []
        self._poll(wait_s)
        if not self._gathered:
            return []
        settings, size = self._settings, _size(self._gathered[0])
        while len(self._gathered) < settings.batch_entries and size < settings.batch_bytes:
            before, left_s = len(self._gathered), rest_s()
            self._poll(left_s)
            if len(self._gathered) > before:
                size += _size(self._gathered[-1])
            elif not self._gathered or not left_s:
                break
        return self._gathered

    def passed(self) -> list[Span]:
        """Return the offsets behind the records read that hold none: markers of transactions, and what was aborted."""
        return [
            Span(self._topic.name, partition, first, self._ends[partition])
            for partition, first in self._next.items()
            if first < self._ends.get(partition, 0)
        ]

    def acknowledge(self) -> None:
        """Tell the group how far the ledger is; what is still ours only."""
        offsets = [TopicPartition(self._name, *place) for place in self._next.items()]
        with suppress(KafkaException):  # a hint; partitions may have moved meanwhile
            self._consumer.store_offsets(offsets=offsets)

    def close(self) -> None:
        """Leave. A static member's partitions stay its own until its session ends, or it comes back."""
        self._consumer.close()

    def _poll(self, wait_s: float) -> None:
        message = self._consumer.poll(wait_s)
        if message is None:
            return
        if error := message.error():
            self._note(error, message)
        elif message.partition() in self._next:
            self._gathered.append(self._record(message))

    def _note(self, error: KafkaError, message: Any) -> None:
        if error.code() == _END:
            if message.partition() in self._next:
                self._ends[message.partition()] = message.offset()
        elif error.code() in _GONE:
            raise FatalError(
                f"{self._topic.name}: the log no longer holds what comes next; see {OUTSIDE_PAGE}"
            )
        elif error.code() in _REFUSED:
            raise not_let_in(self._topic.name)
        elif not error.retriable():
            raise RetryableError(f"{self._topic.name}: Kafka answers {error.name()}")

    def _record(self, message: Any) -> Record:
        partition, offset = message.partition(), message.offset()
        due = self._next[partition]
        self._next[partition] = offset + 1
        return Record(
            self._topic.name,
            partition,
            offset,
            message.timestamp()[1],
            message.key(),
            message.value(),
            self._partitions,
            gap_from=due if due != offset else None,
        )

    def _assigned(self, consumer: Any, partitions: Sequence[TopicPartition]) -> None:
        ours = sorted(one.partition for one in partitions)
        self._forget()
        starts = self._begin(ours) if ours else {}
        self._next = {partition: starts[partition] for partition in ours}
        consumer.assign([TopicPartition(self._name, p, at) for p, at in self._next.items()])

    def _revoked(self, _consumer: Any, _partitions: Sequence[TopicPartition]) -> None:
        self._forget()

    def _forget(self) -> None:
        self._next, self._ends, self._gathered = {}, {}, []


def _size(record: Record) -> int:
    return len(record.value or b"")
