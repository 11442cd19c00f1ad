"""The last records of partitions: what was published last, and where a topic ends for those who read committed records.

A log may end in offsets that hold nothing: markers of transactions, aborted records. So the look back widens until it
finds a record, or the log's beginning.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import TopicPartition
from kafka.errors import KafkaError

from recordgate_runtime.kafka import as_record, open_consumer, topic_name
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import Topic

LOOK_BACK = 100
"""Offsets looked at first; ten times as many when they hold no record."""

PATIENCE_S = 60.0
_Kept = TypeVar("_Kept")


def read_tails(
    topic: Topic, partitions: Sequence[int], settings: Settings, keep: Callable[[Record], _Kept]
) -> dict[int, list[_Kept]]:
    """Return what is kept of the last records of each partition: of at least one, if there is any."""
    with _places(topic, partitions, settings) as (consumer, places):
        begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        found: dict[int, list[_Kept]] = {place.partition: [] for place in places}
        back, waiting = LOOK_BACK, places
        while waiting:
            starts = {place: max(begins[place], ends[place] - back) for place in waiting}
            for record in _between(consumer, starts, ends):
                found[record.partition].append(keep(record))
            waiting = [p for p in waiting if not found[p.partition] and starts[p] > begins[p]]
            back *= 10
        return found


def log_starts(topic: Topic, partitions: Sequence[int], settings: Settings) -> dict[int, int]:
    """Return where each partition's log begins now."""
    with _places(topic, partitions, settings) as (consumer, places):
        found = consumer.beginning_offsets(places)
        return {place.partition: int(found[place]) for place in places}


@contextmanager
def _places(
    topic: Topic, partitions: Sequence[int], settings: Settings
) -> Iterator[tuple[Any, list[Any]]]:
    consumer = open_consumer(settings, topic)
    places = [TopicPartition(topic_name(topic, settings), p) for p in partitions]
    try:
        consumer.assign(places)
        yield consumer, places
    except KafkaError as error:
        raise RetryableError(f"{topic.name}: not readable ({type(error).__name__})") from error
    finally:
        consumer.close()


def _between(consumer: Any, starts: dict[Any, int], ends: dict[Any, int]) -> Iterator[Record]:
    """Yield the records from here to there; offsets that hold none are passed over."""
    deadline = time.monotonic() + PATIENCE_S
    for place, offset in starts.items():
        consumer.seek(place, offset)
    while any(consumer.position(place) < ends[place] for place in starts):
        if time.monotonic() > deadline:
            raise RetryableError("the end of a topic cannot be read now")
        for batch in consumer.poll(timeout_ms=200).values():
            for message in batch:
                yield as_record(message, len(starts))
