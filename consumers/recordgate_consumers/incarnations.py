"""Which incarnation of the ledger counts in each partition, for both sinks.

A ledger that was restored from a backup gives its sequence numbers again. So numbers are compared within one
incarnation, and from the first message of a newer one the older ones are dropped, whoever still publishes them.
"""

from collections.abc import Iterable, Sequence

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
    """Begin the incarnations that are newer than what is known, and return the messages that count.

    The caller holds the positions of the messages' partitions, so nobody else changes what is known of them.
    """
    if not messages:
        return []
    newest = dict[int, int]()
    for partition, message in messages:
        newest[partition] = max(message.incarnation, newest.get(partition, message.incarnation))
    counts = _known(connection, newest)
    if any(
        partition not in counts or counts[partition] < newest[partition] for partition in newest
    ):
        begun = columns(("partition", "incarnation"), sorted(newest.items()))
        connection.execute(_SQL["begin_incarnations"], begun)
        counts = _known(connection, newest)
    return [(p, m) for p, m in messages if m.incarnation == counts[p]]


def note(connection: psycopg.Connection, messages: Sequence[Arrived]) -> None:
    """Remember that these messages, of the incarnations that count, were applied; open what may be opened."""
    for partition, message in messages:
        if isinstance(message, IncarnationMessage) and message.state is IncarnationState.OPEN:
            opened = {"partition": partition, "sequence": message.sequence}
            connection.execute(_SQL["note_open"], opened)
    if noted := columns(("partition", "first", "last"), runs((p, m.sequence) for p, m in messages)):
        connection.execute(_SQL["note_sequences"], noted)


def runs(numbers: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return numbers of partitions as runs without a gap: partition, first and last."""
    found: list[tuple[int, int, int]] = []
    for partition, number in sorted(numbers):
        if found and found[-1][0] == partition and number <= found[-1][2] + 1:
            found[-1] = (partition, found[-1][1], number)
        else:
            found.append((partition, number, number))
    return found


def _known(connection: psycopg.Connection, partitions: Iterable[int]) -> dict[int, int]:
    asked = {"partition": list(partitions)}
    return dict(connection.execute(_SQL["read_incarnations"], asked).fetchall())


def measure(connection: psycopg.Connection, topic: Topic) -> None:
    """Show which partitions are open."""
    for partition, is_open in connection.execute(_SQL["partitions_not_open"]):
        PARTITION_OPEN.labels(topic.name, partition).set(is_open)
