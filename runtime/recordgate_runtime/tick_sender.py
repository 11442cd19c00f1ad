"""Sends ticks to the partitions of a topic and learns which offsets the broker gave them. Nothing waits for long.

A tick is lost rather than late: nothing is sent again, the next one is due in a second.
"""

from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from recordgate_runtime.kafka import topic_name, topic_state
from recordgate_runtime.kafka_access import access
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import Topic

_ANSWER_MS = 3_000
_OPTIONS: dict[str, Any] = {
    "acks": "all",
    # A producer that gave up on a message must not give up on all that follow, as an idempotent one may.
    "enable_idempotence": False,
    "retries": 0,
    "compression_type": None,
    "allow_auto_create_topics": False,
    "linger_ms": 0,
    "reconnect_backoff_max_ms": 1_000,
    "bootstrap_timeout_ms": 10_000,
    "max_block_ms": 1_000,
    "request_timeout_ms": _ANSWER_MS,
    "delivery_timeout_ms": _ANSWER_MS + 1_000,
}


class TickSender:
    """Connections for the ticks of one topic, as it is when they are opened."""

    def __init__(self, topic: Topic, settings: Settings) -> None:
        self._topic, self._name = topic, topic_name(topic, settings)
        self._state = topic_state(topic, settings)
        broker = access(settings)
        options = broker.kafka_python()
        try:
            self._admin: Any = KafkaAdminClient(**options, request_timeout_ms=_ANSWER_MS)
            self._producer: Any = KafkaProducer(**options, **_OPTIONS)
        except (KafkaError, OSError) as error:
            raise RetryableError(broker.away) from error
        self._under_way: dict[int, Any] = {}

    @property
    def topic_id(self) -> str:
        """The id the broker gave the topic when it was made."""
        return self._state.topic_id

    @property
    def partitions(self) -> int:
        """How many partitions the topic had at the start."""
        return self._state.partitions

    def topic_is_the_same(self) -> bool:
        """Ask the broker; False when it does not answer. FatalError: another topic, or more partitions."""
        try:
            found = self._admin.describe_topics([self._name])
        except (KafkaError, OSError):
            return False
        if not found or not found[0].get("partitions"):
            return False
        if str(found[0]["topic_id"]) != self._state.topic_id:
            raise FatalError(
                f"topic {self._topic.name} was deleted and made again; see docs/runbook/topic-replaced.md"
            )
        if len(found[0]["partitions"]) != self._state.partitions:
            raise FatalError(
                f"topic {self._topic.name}: partitions changed; see docs/runbook/partitions.md"
            )
        return True

    def send(self, partition: int) -> None:
        """Send a tick; `results` tells what became of it."""
        try:
            self._under_way[partition] = self._producer.send(
                self._name, value=codec.tick(self._topic), partition=partition
            )
        except KafkaError:
            self._under_way[partition] = None

    def results(self) -> dict[int, int | None]:
        """Return the ticks that came to an end: the offset per partition, None when the broker did not confirm it."""
        ended = {p: f for p, f in self._under_way.items() if f is None or f.is_done}
        for partition in ended:
            del self._under_way[partition]
        return {
            p: f.value.offset if f is not None and f.succeeded() else None for p, f in ended.items()
        }

    def close(self) -> None:
        """Disconnect without waiting for ticks under way."""
        self._producer.close(timeout=0)
        self._admin.close()
