"""Controls and entries onto Kafka: encoded, keyed by NHS number, each one acknowledged before the call returns.

Every option that matters is spelled out. A hide goes to `controls` and is acknowledged before its entry goes to
`entries`: that order is the caller's to keep (`run.py`), and what these two calls make possible. Sending twice is
harmless, so a failure half-way is answered by repeating the whole.
"""

import secrets
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import crc32c as _crc32c  # noqa: F401  without it checksums take six times the CPU; its absence is an error
from kafka import KafkaProducer
from kafka.errors import KafkaError

from recordgate_producers.events import Event, control_event, entry_event, headers
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS, Topic

IN_FLIGHT = 2_000
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
        return self._publish(CONTROLS, map(control_event, controls))

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Publish entries in order; return how many once all are acknowledged, or raise RetryableError."""
        return self._publish(ENTRIES, map(entry_event, entries))

    def close(self) -> None:
        """Leave; nothing is under way, as every call waits for its own."""
        self._producer.close(timeout=ACK_TIMEOUT_S)

    def _publish(self, topic: Topic, events: Iterator[Event]) -> int:
        trace, waiting, done = secrets.token_hex(16), deque[Any](), 0
        for event in events:
            waiting.append(self._send(topic, event, trace))
            if len(waiting) >= IN_FLIGHT:
                done += _acknowledged(topic, waiting.popleft())
        while waiting:
            done += _acknowledged(topic, waiting.popleft())
        return done

    def _send(self, topic: Topic, event: Event, trace: str) -> Any:
        try:
            return self._producer.send(
                self._prefix + topic.name,
                key=event.key,
                value=event.value,
                headers=headers(topic, event, trace),
            )
        except KafkaError as error:
            raise _unpublished(topic, error) from None

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
            with suppress(KafkaError):  # the error under way is the one to tell
                self._producer.close(timeout=0)


def _answers(address: str) -> bool:
    """Whether anything listens there: asked first, as the client would try for its whole bootstrap time."""
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False


def _acknowledged(topic: Topic, future: Any) -> int:
    try:
        future.get(timeout=ACK_TIMEOUT_S)
    except KafkaError as error:
        raise _unpublished(topic, error) from None
    return 1


def _unpublished(topic: Topic, error: KafkaError) -> RetryableError:
    return RetryableError(
        f"{topic.name}: not acknowledged by Kafka ({type(error).__name__});"
        " see that it runs and its topics exist (recordgate topics), then repeat"
    )


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
