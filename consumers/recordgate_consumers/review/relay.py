"""Sends review outcomes from the outbox to `controls`, again after a crash: a repeated control id is harmless."""

from collections.abc import Callable, Sequence
from datetime import datetime

import psycopg

from recordgate_runtime.kafka import topic_name
from recordgate_runtime.kafka_access import access
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.settings import Settings
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.topics import CONTROLS

_SQL = Statements("recordgate_consumers.review", "relay.sql")
_MAX_OUTCOMES = 100
_ACK_TIMEOUT_S = 15  # below the 30 s a transaction may idle: the rows stay locked meanwhile

Send = Callable[[Sequence[bytes]], None]
"""Publishes encoded controls and returns once the broker has them all; raises RetryableError otherwise."""


def relay(connection: psycopg.Connection, send: Send, now: datetime) -> int:
    """Send what is due and unsent, record that it was sent, and return how many outcomes that were.

    SAFETY: an outcome is taken in a transaction of its own. After a crash it is sent again and cannot be undone, for it
    may have been sent before.
    """
    with connection.transaction():
        connection.execute(_SQL["take_due"], {"now": now, "limit": _MAX_OUTCOMES})
    with connection.transaction():
        unsent = connection.execute(_SQL["unsent_outcomes"], {"limit": _MAX_OUTCOMES}).fetchall()
        if unsent:
            ids, controls = zip(*unsent, strict=True)
            send([bytes(control) for control in controls])
            connection.execute(_SQL["mark_sent"], {"ids": list(ids), "now": now})
    return len(unsent)


class ControlPublisher:
    """Publishes encoded controls; connects when there is something to send.

    `partitions` returns how many the review database has written down; None takes the broker's number.
    """

    def __init__(
        self, settings: Settings, partitions: Callable[[], int | None] = lambda: None
    ) -> None:
        self._settings = settings
        self._partitions = partitions
        self._sender: KafkaSender | None = None

    def __call__(self, controls: Sequence[bytes]) -> None:
        """Publish the controls and wait until every one is acknowledged; raise RetryableError otherwise."""
        if self._sender is None:
            self._sender = KafkaSender(
                access(self._settings), "recordgate-relay", _ACK_TIMEOUT_S, self._partitions()
            )
        keyed = [(_key(control), control) for control in controls]
        self._sender.send_all(topic_name(CONTROLS, self._settings), keyed)

    def close(self) -> None:
        """Disconnect, if it ever connected."""
        if self._sender is not None:
            self._sender.close()


def _key(control: bytes) -> bytes:
    decoded: Control = codec.decode(CONTROLS, control)
    return decoded.nhs_number.digits.encode("ascii")
