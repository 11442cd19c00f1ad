"""How far a database has read a topic: the position commits together with what was made of the records.

Each database has the same table `source_position`. A position is locked, compared and moved forward only, so a process
that was replaced, a second owner or a replay changes nothing; a gap stops the process before it can skip a record.
"""

from dataclasses import dataclass

import psycopg

from recordgate_schemas.errors import FatalError


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets of one partition that were read: from `first` up to, not including, `end`.

    Not every offset holds a record: a transaction's marker takes one, and so do records that were aborted.
    """

    topic: str
    partition: int
    first: int
    end: int


def read(connection: psycopg.Connection, topic: str) -> dict[int, int]:
    """Return the next offset of each partition of the topic; partitions never read are missing."""
    rows = connection.execute(
        "select partition, next_offset from source_position where topic = %s", (topic,)
    ).fetchall()
    return {int(partition): int(offset) for partition, offset in rows}


def adopt(connection: psycopg.Connection, topic: str, topic_id: str, partition: int) -> None:
    """Start a partition at offset 0, or check that its topic is still the one that was read before."""
    connection.execute(
        "insert into source_position values (%s, %s, %s, 0) on conflict do nothing",
        (topic, partition, topic_id),
    )
    row = connection.execute(
        "select topic_id from source_position where topic = %s and partition = %s",
        (topic, partition),
    ).fetchone()
    if row is None or row[0] != topic_id:
        raise FatalError(
            f"topic {topic} was deleted and made again; see docs/runbook/topic-replaced.md"
        )


def adopt_partitions(connection: psycopg.Connection, partitions: int) -> None:
    """Write down how many partitions every topic has, or check that it is the number written down before."""
    connection.execute(
        "insert into partition_count (partitions) values (%s) on conflict do nothing", (partitions,)
    )
    known = read_partitions(connection)
    if known != partitions:
        raise FatalError(
            f"partitions changed: {known} were adopted, there are {partitions};"
            " see docs/runbook/partitions.md"
        )


def read_partitions(connection: psycopg.Connection) -> int | None:
    """Return how many partitions every topic has, as written down when this database was first used."""
    row = connection.execute("select partitions from partition_count").fetchone()
    return None if row is None else int(row[0])


def advance(connection: psycopg.Connection, spans: list[Span]) -> dict[int, int]:
    """Lock each partition's position, move it to the span's end unless it is further, and return where it stood.

    A second owner of the partition may have been faster: what lies below the position returned is applied already, in
    the transaction that moved it. Raises FatalError when a position lies before its span: records are missing.
    """
    stood: dict[int, int] = {}
    for span in sorted(spans, key=lambda s: (s.topic, s.partition)):
        row = connection.execute(
            "select next_offset from source_position where topic = %s and partition = %s for update",
            (span.topic, span.partition),
        ).fetchone()
        if row is None or row[0] < span.first:
            raise FatalError(
                f"position of {span.topic}/{span.partition} is before {span.first}: records are missing,"
                " or the database was restored; see docs/runbook/position-conflict.md"
            )
        stood[span.partition] = row[0]
        if row[0] < span.end:
            connection.execute(
                "update source_position set next_offset = %s where topic = %s and partition = %s",
                (span.end, span.topic, span.partition),
            )
    return stood
