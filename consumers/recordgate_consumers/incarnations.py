"""Which incarnation of the ledger counts in each partition, for both sinks.

A ledger that was restored from a backup gives its sequence numbers again. So numbers are compared within one
incarnation, and from the first message of a newer one the older ones are dropped, whoever still publishes them.
"""

from collections.abc import Sequence

import psycopg

from recordgate_consumers.batches import decode_or_report
from recordgate_runtime.metrics import PARTITION_OPEN
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.messages import Held, IncarnationMessage, IncarnationState, Released
from recordgate_schemas.topics import Topic

_SQL = Statements("recordgate_consumers", "incarnations.sql")

Arrived = tuple[int, Released | Held | IncarnationMessage]
"""A message and its partition."""


def arrived(topic: Topic, record: Record) -> Arrived | None:
    """Return a record's message with its partition; None, reported, when it cannot be used."""
    message = decode_or_report(topic, record)
    return None if message is None else (record.partition, message)


def current(connection: psycopg.Connection, messages: Sequence[Arrived]) -> list[Arrived]:
    """Begin the incarnations that are newer than what is known, and return the messages that count."""
    if not messages:
        return []
    seen = columns(("partition", "incarnation"), [(p, m.incarnation) for p, m in messages])
    connection.execute(_SQL["begin_incarnations"], seen)
    counts: dict[int, int] = dict(connection.execute(_SQL["read_incarnations"], seen).fetchall())
    return [(p, m) for p, m in messages if m.incarnation == counts[p]]


def note(connection: psycopg.Connection, messages: Sequence[Arrived]) -> None:
    """Remember that these messages, of the incarnations that count, were applied; open what may be opened."""
    if not messages:
        return
    noted = columns(("partition", "sequence"), [(p, m.sequence) for p, m in messages])
    connection.execute(_SQL["note_sequences"], noted)
    for partition, message in messages:
        if isinstance(message, IncarnationMessage) and message.state is IncarnationState.OPEN:
            opened = {"partition": partition, "sequence": message.sequence}
            connection.execute(_SQL["note_open"], opened)
    connection.execute(_SQL["settle_open"], noted)


def measure(connection: psycopg.Connection, topic: Topic) -> None:
    """Show which partitions are open."""
    for partition, is_open in connection.execute(_SQL["partitions_not_open"]):
        PARTITION_OPEN.labels(topic.name, partition).set(is_open)
