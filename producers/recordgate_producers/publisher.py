"""Controls and entries onto Kafka: encoded, keyed by NHS number, each one acknowledged before the call returns.

A hide goes to `controls` and is acknowledged before its entry goes to `entries`: the caller keeps that order
(`publishing.py`). Sending twice is harmless, so after a failure the caller repeats the whole.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from recordgate_runtime.kafka_access import KafkaAccess
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic


class Publisher:
    """A connection to Kafka that publishes; use it as a context manager, or close it."""

    def __init__(self, broker: KafkaAccess, *, prefix: str = "") -> None:
        """Connect; raise RetryableError when no bootstrap server answers."""
        self._prefix = prefix
        self._sender = KafkaSender(broker, "recordgate-publish")

    def publish_controls(self, controls: Iterable[Control]) -> int:
        """Publish controls in order; return how many once all are acknowledged, or raise RetryableError."""
        return self._publish(CONTROLS, controls)

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        """Publish entries in order; return how many once all are acknowledged, or raise RetryableError."""
        return self._publish(ENTRIES, entries)

    def _publish(self, topic: Topic, messages: Iterable[Control | ClinicalEntry]) -> int:
        encoded = ((m.nhs_number.digits.encode("ascii"), codec.encode(topic, m)) for m in messages)
        return self._sender.send_all(self._prefix + topic.name, encoded)

    def close(self) -> None:
        """Disconnect."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if kind is None:
            self._sender.close()
        else:
            self._sender.abandon()
