"""Sends review outcomes from the outbox to `controls`, again after a crash: a repeated control id is harmless."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from kafka import KafkaProducer
from kafka.errors import KafkaError

from recordgate_runtime.kafka import topic_name
from recordgate_runtime.settings import Settings
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS

_SQL = Statements("recordgate_consumers.review", "queue.sql")
_MAX_OUTCOMES = 100
_ACK_S = 15.0  # below the 30 s a transaction may idle: the rows stay locked meanwhile

Send = Callable[[Sequence[bytes]], None]
"""Publishes encoded controls and returns once the broker has them all; raises RetryableError otherwise."""


def relay(connection: psycopg.Connection, send: Send, now: datetime) -> int:
    """Send what is unsent, record that it was sent, and return how many outcomes that were."""
    with connection.transaction():
        unsent = connection.execute(_SQL["unsent_outcomes"], {"limit": _MAX_OUTCOMES}).fetchall()
        if unsent:
            send([bytes(control) for _, control in unsent])
            connection.execute(_SQL["mark_sent"], {"ids": [row[0] for row in unsent], "now": now})
    return len(unsent)


def relay_if_reachable(connection: psycopg.Connection, send: Send, now: datetime) -> bool:
    """Send what is unsent; return False when Kafka is away, which leaves it in the outbox for the review sink."""
    try:
        relay(connection, send, now)
    except RetryableError:
        return False
    return True


class ControlPublisher:
    """Publishes controls with kafka-python, idempotent; connects when there is something to send."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None

    def __call__(self, controls: Sequence[bytes]) -> None:
        """Publish the controls and wait until every one is acknowledged; raise RetryableError otherwise."""
        if self._producer is None:
            self._producer = _connect(self._settings)
        name = topic_name(CONTROLS, self._settings)
        try:
            futures = [self._producer.send(name, key=_key(c), value=c) for c in controls]
            for future in futures:
                future.get(timeout=_ACK_S)
        except KafkaError as error:
            raise RetryableError(
                f"controls: not acknowledged ({type(error).__name__}); kept in the outbox"
            ) from error

    def close(self) -> None:
        """Disconnect, if it ever connected."""
        if self._producer is not None:
            self._producer.close(timeout=_ACK_S)


def _key(control: bytes) -> bytes:
    decoded: Control = codec.decode(CONTROLS, control)
    return decoded.nhs_number.digits.encode("ascii")


def _connect(settings: Settings) -> Any:
    try:
        return KafkaProducer(
            bootstrap_servers=settings.kafka.split(","),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            bootstrap_timeout_ms=5_000,
            max_block_ms=int(_ACK_S * 1000),
            request_timeout_ms=10_000,
            delivery_timeout_ms=int(_ACK_S * 1000),
            max_request_size=CONTROLS.max_bytes + 4096,
        )
    except KafkaError as error:
        raise RetryableError("Kafka is not reachable at RECORDGATE_KAFKA") from error
