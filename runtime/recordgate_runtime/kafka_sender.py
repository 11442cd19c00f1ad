"""Sends keyed messages to Kafka with kafka-python: idempotent, each one acknowledged before the call returns.

Every option that matters is spelled out. The partition is computed here and produced to explicitly. Messages carry no
headers (docs/adr/0010-no-message-headers-without-a-reader.md) but for a replayed control
(docs/adr/0013-a-replay-names-its-original-in-a-header.md).
"""

import socket
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from recordgate_runtime.kafka import PARTITIONS_PAGE
from recordgate_runtime.kafka_access import KafkaAccess
from recordgate_runtime.routing import partition_of
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import TOPICS

MAX_IN_FLIGHT = 2_000
"""Messages sent and not yet acknowledged, at most."""

CONNECT_TIMEOUT_S = 5

Headers = Sequence[tuple[str, bytes]]


class KafkaSender:
    """A connection to Kafka for sending.

    `ack_timeout_s`: how long to wait for the broker to confirm a message. `partitions`: how many every topic must have;
    None takes the number that the first topic has, for as long as this connection lives.
    """

    def __init__(
        self,
        broker: KafkaAccess,
        client_id: str,
        ack_timeout_s: int = 30,
        partitions: int | None = None,
    ) -> None:
        """Connect; raise RetryableError when no bootstrap server answers."""
        self._ack_timeout_s = ack_timeout_s
        self._partitions = partitions
        if not any(map(_answers, broker.servers.split(","))):
            raise RetryableError(broker.away)
        try:
            self._producer: Any = KafkaProducer(
                **broker.kafka_python(), **_options(client_id, ack_timeout_s)
            )
        except (KafkaError, OSError, ValueError) as error:
            raise RetryableError(f"{broker.away} ({type(error).__name__})") from None

    def send_all(
        self, topic: str, messages: Iterable[tuple[bytes, bytes]], headers: Headers = ()
    ) -> int:
        """Send (key, value) pairs in order; return how many once all are acknowledged, or raise RetryableError.

        Raises FatalError when the topic has not as many partitions as it must have: patients would change partition.
        """
        unacknowledged, acknowledged = deque[Any](), 0
        try:
            for key, value in messages:
                partition = partition_of(key, self._count(topic))
                unacknowledged.append(
                    self._producer.send(
                        topic, key=key, value=value, partition=partition, headers=list(headers)
                    )
                )
                if len(unacknowledged) >= MAX_IN_FLIGHT:
                    unacknowledged.popleft().get(timeout=self._ack_timeout_s)
                    acknowledged += 1
            for future in unacknowledged:
                future.get(timeout=self._ack_timeout_s)
        except KafkaError as error:
            raise RetryableError(
                f"{topic}: not acknowledged by Kafka ({type(error).__name__});"
                " see that it runs and its topics exist (recordgate topics), then repeat"
            ) from None
        return acknowledged + len(unacknowledged)

    def _count(self, topic: str) -> int:
        found = len(self._producer.partitions_for(topic))
        if self._partitions is None:
            self._partitions = found
        if found != self._partitions:
            raise FatalError(
                f"topic {topic} has {found} partitions, not {self._partitions}; see {PARTITIONS_PAGE}"
            )
        return found

    def close(self) -> None:
        """Disconnect; nothing is under way, as every call waits for its own acknowledgements."""
        self._producer.close(timeout=self._ack_timeout_s)

    def abandon(self) -> None:
        """Disconnect without waiting, after an error, which is the one to report."""
        with suppress(KafkaError):
            self._producer.close(timeout=0)


def _answers(address: str) -> bool:
    """Whether anything listens there: asked first, as the client would try for its whole bootstrap time."""
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False


def _options(client_id: str, ack_timeout_s: int) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "acks": "all",
        "enable_idempotence": True,
        "max_in_flight_requests_per_connection": 5,
        "compression_type": None,
        "allow_auto_create_topics": False,
        "linger_ms": 2,
        "batch_size": 256 * 1024,
        "max_request_size": max(topic.max_bytes for topic in TOPICS) + 64 * 1024,
        "reconnect_backoff_max_ms": 1_000,
        "bootstrap_timeout_ms": 10_000,
        "max_block_ms": 10_000,
        "request_timeout_ms": 10_000,
        # must exceed linger and request timeout together; ends before the caller's own wait does
        "delivery_timeout_ms": max(ack_timeout_s - 5, 11) * 1000,
    }
