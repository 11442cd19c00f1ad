"""Controls and entries onto Kafka: encoded, keyed by NHS number, each one acknowledged before the call returns.

Every option that matters is spelled out. A hide goes to `controls` and is acknowledged before its entry goes to
`entries`: the caller keeps that order (`run.py`). Sending twice is harmless, so after a failure the caller repeats the
whole. Messages carry no headers (docs/adr/0010-no-message-headers-without-a-reader.md).
"""

import socket
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import crc32c as _crc32c  # noqa: F401  without it checksums take six times the CPU; its absence is an error
from kafka import KafkaProducer
from kafka.errors import KafkaError

from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS, Topic

MAX_IN_FLIGHT = 2_000
"""Messages sent and not yet acknowledged, at most."""

ACK_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 5


class Publisher:
    """A connection to Kafka that publishes; use it as a context manager, or close it."""

    def __init__(self, kafka: str, *, prefix: str = "") -> None:
        """Connect to bootstrap servers `host:port[,host:port]`; raise RetryableError if none answers."""
        self._prefix = prefix
        if not any(map(_answers, kafka.split(","))):
            raise RetryableError(
                "Kafka is not reachable; see that it runs and the address is right"
            )
        try:
            self._producer: Any = KafkaProducer(**_options(kafka))
        except (KafkaError, OSError, ValueError) as error:
            raise RetryableError(f"Kafka is not reachable ({type(error).__name__})") from None

    def publish_controls(self, controls: Iterable[Control]) -> int:
        """Publish controls in order; return how many once all are acknowledged, or raise RetryableError."""
        return self._publish(CONTROLS, controls)

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Publish entries in order; return how many once all are acknowledged, or raise RetryableError."""
        return self._publish(ENTRIES, entries)

    def close(self) -> None:
        """Disconnect; nothing is under way, as every call waits for its own acknowledgements."""
        self._producer.close(timeout=ACK_TIMEOUT_S)

    def _publish(self, topic: Topic, messages: Iterable[Control | ClinicalEntry]) -> int:
        unacknowledged, acknowledged = deque[Any](), 0
        try:
            for message in messages:
                key = message.nhs_number.digits.encode("ascii")
                value = codec.encode(topic, message)
                unacknowledged.append(
                    self._producer.send(self._prefix + topic.name, key=key, value=value)
                )
                if len(unacknowledged) >= MAX_IN_FLIGHT:
                    unacknowledged.popleft().get(timeout=ACK_TIMEOUT_S)
                    acknowledged += 1
            for future in unacknowledged:
                future.get(timeout=ACK_TIMEOUT_S)
        except KafkaError as error:
            raise RetryableError(
                f"{topic.name}: not acknowledged by Kafka ({type(error).__name__});"
                " see that it runs and its topics exist (recordgate topics), then repeat"
            ) from None
        return acknowledged + len(unacknowledged)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(KafkaError):  # the error that ended the block is the one to report
                self._producer.close(timeout=0)


def _answers(address: str) -> bool:
    """Whether anything listens there: asked first, as the client would try for its whole bootstrap time."""
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False


def _options(kafka: str) -> dict[str, Any]:
    return {
        "bootstrap_servers": kafka.split(","),
        "client_id": "recordgate-publish",
        "acks": "all",
        "enable_idempotence": True,
        "max_in_flight_requests_per_connection": 5,
        "compression_type": None,
        # No partitioner: the library's default is murmur2 over the key, as everywhere in Recordgate.
        "allow_auto_create_topics": False,
        "linger_ms": 2,
        "batch_size": 256 * 1024,
        "max_request_size": max(topic.max_bytes for topic in TOPICS) + 64 * 1024,
        "reconnect_backoff_max_ms": 1_000,
        "bootstrap_timeout_ms": 10_000,
        "max_block_ms": 10_000,
        "request_timeout_ms": 10_000,
        "delivery_timeout_ms": ACK_TIMEOUT_S * 1000 - 5_000,
    }
