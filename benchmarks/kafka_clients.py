"""Produce, consume and pass through with both Kafka clients, set as Recordgate sets them."""

import uuid
from collections.abc import Callable
from typing import Any, Protocol

import crc32c as _crc32c  # noqa: F401  without it kafka-python's numbers mean nothing
from confluent_kafka import Consumer, Producer
from confluent_kafka import TopicPartition as RdTopicPartition
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from recordgate_runtime.kafka_access import KafkaAccess

PARTITIONS = 4
BATCH = 1000
VALUE = b"x" * 1024
_WAIT_S = 60.0


class Client(Protocol):
    """What is measured of a client."""

    name: str

    def produce(self, topic: str, messages: int) -> None:
        """Send and wait for every acknowledgement."""

    def consume(self, topic: str, messages: int) -> None:
        """Read from the beginning."""

    def pass_through(self, source: str, target: str, messages: int) -> None:
        """Read a batch, send it on, wait for the acknowledgements, commit; again."""


def create(kafka: KafkaAccess, *topics: str) -> None:
    """Make topics of four partitions."""
    admin = KafkaAdminClient(**kafka.kafka_python())
    wanted = {name: {"num_partitions": PARTITIONS, "replication_factor": 1} for name in topics}
    admin.create_topics(wanted, wait_for_metadata=True)
    admin.close()


class Reports:
    """Counts delivery reports: a message counts as sent when the broker has said so."""

    def __init__(self) -> None:
        self._good = 0

    def one(self, error: object, _message: object) -> None:
        """Take one report."""
        self._good += error is None

    def expect(self, messages: int) -> None:
        """Raise unless so many good reports came since the last time."""
        if self._good != messages:
            raise TimeoutError("messages were not acknowledged")
        self._good = 0


class Confluent:
    """librdkafka through confluent-kafka."""

    name = "confluent"

    def __init__(self, kafka: KafkaAccess) -> None:
        self._kafka = kafka

    def _producer(self) -> Producer:
        return Producer(
            {
                **self._kafka.librdkafka(),
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "queue.buffering.max.messages": 200_000,
            }
        )

    def _consumer(self, topic: str) -> Consumer:
        consumer = Consumer(
            {
                **self._kafka.librdkafka(),
                "group.id": uuid.uuid4().hex,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )
        consumer.assign([RdTopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        return consumer

    def produce(self, topic: str, messages: int) -> None:
        """Send and wait for every acknowledgement."""
        producer, reports = self._producer(), Reports()
        for n in range(messages):
            producer.produce(topic, VALUE, str(n).encode(), on_delivery=reports.one)
            producer.poll(0)
        producer.flush(_WAIT_S)
        reports.expect(messages)

    def consume(self, topic: str, messages: int) -> None:
        """Read from the beginning."""
        consumer = self._consumer(topic)
        _count(lambda: len(consumer.consume(BATCH, 1.0)), messages)
        consumer.close()

    def pass_through(self, source: str, target: str, messages: int) -> None:
        """Read a batch, send it on, wait for the acknowledgements, commit; again."""
        consumer, producer, reports = self._consumer(source), self._producer(), Reports()

        def one_batch() -> int:
            batch = consumer.consume(BATCH, 1.0)
            for message in batch:
                producer.produce(target, message.value(), message.key(), on_delivery=reports.one)
                producer.poll(0)
            producer.flush(_WAIT_S)
            reports.expect(len(batch))
            if batch:
                consumer.commit(asynchronous=False)
            return len(batch)

        _count(one_batch, messages)
        consumer.close()


class KafkaPython:
    """kafka-python with crc32c."""

    name = "kafka_python"

    def __init__(self, kafka: KafkaAccess) -> None:
        self._kafka = kafka

    def _producer(self) -> Any:
        return KafkaProducer(
            **self._kafka.kafka_python(),
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            batch_size=256 * 1024,
        )

    def _consumer(self, topic: str) -> Any:
        consumer = KafkaConsumer(
            **self._kafka.kafka_python(),
            group_id=uuid.uuid4().hex,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        return consumer

    def produce(self, topic: str, messages: int) -> None:
        """Send and wait for every acknowledgement."""
        producer = self._producer()
        sent = [producer.send(topic, key=str(n).encode(), value=VALUE) for n in range(messages)]
        for future in sent:
            future.get(timeout=_WAIT_S)
        producer.close()

    def consume(self, topic: str, messages: int) -> None:
        """Read from the beginning."""
        consumer = self._consumer(topic)
        _count(lambda: len(_poll(consumer)), messages)
        consumer.close()

    def pass_through(self, source: str, target: str, messages: int) -> None:
        """Read a batch, send it on, wait for the acknowledgements, commit; again."""
        consumer, producer = self._consumer(source), self._producer()

        def one_batch() -> int:
            batch = _poll(consumer)
            sent = [producer.send(target, key=m.key, value=m.value) for m in batch]
            for future in sent:
                future.get(timeout=_WAIT_S)
            consumer.commit()
            return len(batch)

        _count(one_batch, messages)
        consumer.close()
        producer.close()


def _poll(consumer: Any) -> list[Any]:
    found = consumer.poll(timeout_ms=1000, max_records=BATCH)
    return [message for batch in found.values() for message in batch]


def _count(batch: Callable[[], int], messages: int) -> None:
    done = idle = 0
    while done < messages:
        read = batch()
        done, idle = done + read, 0 if read else idle + 1
        if idle > _WAIT_S:
            raise TimeoutError("no message came for a minute")
