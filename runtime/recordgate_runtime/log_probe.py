"""Reads single records of a topic again, over a connection of its own that disturbs no reader."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from recordgate_runtime.kafka import open_consumer, topic_name
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import Topic

ANSWER_S = 3.0
"""Seconds that the broker may take for one answer."""

_AT_A_TIME_BYTES = 64 * 1024
"""Of a partition in one answer. The broker sends whole batches, and at least one."""

Range = tuple[int, int]
"""Offsets: the first one, and the one behind the last."""


class OutOfRange(RetryableError):
    """What was asked for lies before the beginning of the log, or behind its end."""


class LogProbe:
    """A connection for looking at single records. What it is shown may be a second old."""

    def __init__(self, topic: Topic, settings: Settings) -> None:
        """Connect; raise RetryableError when the broker does not answer."""
        self._topic, self._name = topic.name, topic_name(topic, settings)
        self._consumer = open_consumer(
            settings,
            topic,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=_AT_A_TIME_BYTES,
            request_timeout_ms=int(ANSWER_S * 1000),
            bootstrap_timeout_ms=int(ANSWER_S * 1000),
            enable_incremental_fetch_sessions=False,
        )

    def bounds(self, partitions: Iterable[int]) -> dict[int, Range]:
        """Return where the log of each partition begins and ends; RetryableError: the broker does not say."""
        wanted = [TopicPartition(self._name, p) for p in partitions]
        try:
            begins = self._consumer.beginning_offsets(wanted)
            ends = self._consumer.end_offsets(wanted)
        except KafkaError as error:
            raise RetryableError(f"{self._name}: {type(error).__name__}") from error
        return {tp.partition: (int(begins[tp]), int(ends[tp])) for tp in wanted}

    def read(self, ranges: Mapping[int, Range]) -> dict[int, list[Record]]:
        """Return the records in these ranges, two of a partition at most.

        Raises OutOfRange when a log does not reach that far, RetryableError when the broker does not answer in time.
        """
        found: dict[int, list[Record]] = {partition: [] for partition in ranges}
        wanted = {TopicPartition(self._name, p): end for p, (_, end) in ranges.items()}
        try:
            self._consumer.assign(list(wanted))
            for tp in wanted:
                self._consumer.seek(tp, ranges[tp.partition][0])
            self._read(wanted, found)
        except OffsetOutOfRangeError as error:
            raise OutOfRange(f"{self._name}: the log no longer holds what was asked for") from error
        except KafkaError as error:
            raise RetryableError(f"{self._name}: {type(error).__name__}") from error
        finally:
            self._forget()
        return found

    def _read(self, wanted: dict[Any, int], found: dict[int, list[Record]]) -> None:
        deadline = time.monotonic() + ANSWER_S
        while wanted:
            for tp, messages in self._consumer.poll(timeout_ms=200, max_records=1).items():
                found[tp.partition] += [self._record(m) for m in messages if m.offset < wanted[tp]]
            for tp in list(wanted):
                if self._consumer.position(tp) >= wanted[tp] or len(found[tp.partition]) > 1:
                    del wanted[tp]
            # not paused: kafka-python may never fetch a partition again that was paused with records at hand
            self._consumer.assign(list(wanted))
            if wanted and time.monotonic() > deadline:
                raise RetryableError(f"{self._name}: no answer from Kafka")

    def _forget(self) -> None:
        """Drop what was fetched along: with no partition left, a poll finds nobody to give it to."""
        self._consumer.unsubscribe()
        self._consumer.poll(timeout_ms=0)

    def _record(self, message: Any) -> Record:
        return Record(
            self._topic,
            message.partition,
            message.offset,
            message.timestamp,
            message.key,
            message.value,
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
