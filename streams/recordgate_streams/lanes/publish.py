"""Publishes committed messages and waits until all are confirmed, or the process ends.

The client reports failures only. SAFETY: it keeps every message until the broker has confirmed it or it has failed, so
an empty queue without a failure is the proof that all are there.
"""

import logging
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Producer

from recordgate_runtime.kafka import BATCH_BYTES
from recordgate_runtime.kafka_access import access
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_streams.ledger.rows import Outgoing


class KafkaPublisher:
    """An idempotent librdkafka producer with explicit partitions: five times cheaper here than kafka-python."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.topic_prefix
        self._producer = Producer(
            {
                **access(settings).librdkafka(),
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "batch.size": BATCH_BYTES,
                "delivery.timeout.ms": 20_000,
                "message.max.bytes": 9_000_000,
                "queue.buffering.max.messages": 200_000,
                "delivery.report.only.error": True,
                "on_delivery": self._report,
                "log.connection.close": False,
                "reconnect.backoff.max.ms": 1000,
            },
            logger=logging.getLogger("librdkafka"),
        )
        self._failed: list[str] = []

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Send in order and wait; any error leaves the messages in the ledger for the next start."""
        try:
            for message in messages:
                self._producer.produce(
                    self._prefix + message.topic, message.value, message.key, message.partition
                )
            unsent = self._producer.flush(30)
        except (KafkaException, BufferError) as error:
            raise RetryableError(f"publishing failed ({type(error).__name__})") from None
        if unsent or self._failed:
            count = unsent + len(self._failed)
            names = ", ".join(sorted(set(self._failed))) or "no answer"
            raise RetryableError(f"{count} messages were not confirmed by Kafka ({names})")

    def _report(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failed.append(error.name())
