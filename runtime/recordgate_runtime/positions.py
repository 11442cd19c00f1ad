"""How far a database has read a topic: the position commits together with what was made of the records.

Each database has the same table `source_position`. A position is locked, compared and moved forward only, so a process
that was replaced, a second owner or a replay changes nothing. It says of which log it is: the topic's id, and the last
record that was applied. Records that are missing, or are not those that were read, stop the process.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import psycopg

from recordgate_runtime.record import Mark, Record
from recordgate_schemas.errors import FatalError

CONFLICT_PAGE = "docs/runbook/position-conflict.md"
ANOTHER_LOG_PAGE = "docs/runbook/log-is-another-one.md"


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets of one partition that were read: from `first` up to, not including, `end`; and the records found.

    Not every offset holds a record: a transaction's marker takes one, and so do records that were aborted.
    """

    topic: str
    partition: int
    first: int
    end: int
    records: Sequence[Record] = ()


@dataclass(frozen=True, slots=True)
class Advance:
    """A span that was moved over, and where the position stood before.

    What lies below `stood` is applied already, in the transaction that moved the position there.
    """

    span: Span
    stood: int

    @property
    def new(self) -> list[Record]:
        """The records that were not applied before."""
        return [record for record in self.span.records if record.offset >= self.stood]

    @property
    def holes(self) -> int:
        """How many of the offsets moved over hold no record."""
        return max(0, self.span.end - self.stood - len(self.new))


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition was read, and of which log: `last` is the last record applied."""

    topic_id: str
    next_offset: int
    last: Mark | None = None


def spans_of(topic: str, records: Iterable[Record]) -> list[Span]:
    """Return what a reader went through when it was given these records, per partition.

    A record given twice counts once. Raises FatalError when one was read from further on than the one before it ends.
    """
    in_order = sorted(records, key=attrgetter("partition", "offset"))
    return [_span(topic, list(own)) for _, own in groupby(in_order, attrgetter("partition"))]


def _span(topic: str, records: Sequence[Record]) -> Span:
    kept = [records[0]]
    for record in records[1:]:
        before = kept[-1]
        if record.offset == before.offset:
            _same(topic, record, before.mark)
        elif record.read_from > before.offset + 1:
            raise _missing(topic, record.partition, record.read_from, before.offset + 1)
        else:
            kept.append(record)
    return Span(topic, kept[0].partition, kept[0].read_from, kept[-1].offset + 1, kept)


def read(connection: psycopg.Connection, topic: str) -> dict[int, int]:
    """Return the next offset of each partition of the topic; partitions never read are missing."""
    return {partition: one.next_offset for partition, one in load(connection, topic).items()}


def load(connection: psycopg.Connection, topic: str) -> dict[int, Position]:
    """Return the position of each partition of the topic; partitions never read are missing."""
    rows = connection.execute(
        "select partition, topic_id, next_offset, last_offset, last_digest from source_position"
        " where topic = %s",
        (topic,),
    ).fetchall()
    return {
        partition: Position(topic_id, offset, _mark(*last))
        for partition, topic_id, offset, *last in rows
    }


def adopt(connection: psycopg.Connection, topic: str, topic_id: str, partition: int) -> None:
    """Start a partition at offset 0, or check that its topic is still the one that was read before."""
    connection.execute(
        "insert into source_position (topic, partition, topic_id, next_offset) values (%s, %s, %s, 0)"
        " on conflict do nothing",
        (topic, partition, topic_id),
    )
    row = connection.execute(
        "select topic_id from source_position where topic = %s and partition = %s",
        (topic, partition),
    ).fetchone()
    if row is None or row[0] != topic_id:
        raise replaced(topic)


def replaced(topic: str) -> FatalError:
    """Return the error for a topic whose id is not the one that was read."""
    return FatalError(
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


def advance(connection: psycopg.Connection, spans: Sequence[Span]) -> list[Advance]:
    """Lock the positions of a topic's partitions, move each to its span's end unless it is further; say what is new.

    A second owner of the partition may have been faster. Raises FatalError when a position lies before its span, or the
    last record applied comes again and is another one.
    """
    stood = _lock(connection, spans)
    for span in spans:
        position = stood.get(span.partition)
        if position is None or position[0] < span.first:
            raise _missing(span.topic, span.partition, span.first, position and position[0])
        if last := position[1]:
            for record in span.records:
                if record.offset == last.offset:
                    _same(span.topic, record, last)
    advances = [Advance(span, stood[span.partition][0]) for span in spans]
    _move(connection, [one.span for one in advances if one.stood < one.span.end])
    return advances


def _lock(
    connection: psycopg.Connection, spans: Sequence[Span]
) -> dict[int, tuple[int, Mark | None]]:
    rows = connection.execute(
        "select partition, next_offset, last_offset, last_digest from source_position"
        " where topic = %s and partition = any(%s) order by partition for update",
        (spans[0].topic if spans else "", [span.partition for span in spans]),
    )
    return {partition: (offset, _mark(*last)) for partition, offset, *last in rows}


def _move(connection: psycopg.Connection, spans: Sequence[Span]) -> None:
    if not spans:
        return
    last = [span.records[-1].mark if span.records else None for span in spans]
    connection.execute(
        "update source_position p set next_offset = n.next_offset,"
        " last_offset = coalesce(n.last_offset, p.last_offset),"
        " last_digest = coalesce(n.last_digest, p.last_digest)"
        " from unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bytea[])"
        " as n (partition, next_offset, last_offset, last_digest)"
        " where p.topic = %s and p.partition = n.partition",
        (
            [span.partition for span in spans],
            [span.end for span in spans],
            [mark and mark.offset for mark in last],
            [mark and mark.digest for mark in last],
            spans[0].topic,
        ),
    )


def another_log(topic: str, partition: int, offset: int) -> FatalError:
    """Return the error for a record that is not the one which was read at its offset."""
    return FatalError(
        f"{topic}/{partition}: the record at {offset} is not the one that was read;"
        f" the log is another one, see {ANOTHER_LOG_PAGE}"
    )


def _same(topic: str, record: Record, mark: Mark) -> None:
    if record.mark != mark:
        raise another_log(topic, record.partition, record.offset)


def _missing(topic: str, partition: int, first: int, due: int | None) -> FatalError:
    return FatalError(
        f"{topic}/{partition}: records from {first} on came while {due} was due; records are missing,"
        f" or the database was restored, see {CONFLICT_PAGE}"
    )


def _mark(offset: int | None, digest: bytes | None) -> Mark | None:
    return None if offset is None or digest is None else Mark(offset, bytes(digest))
