"""The view sink: applies what the decider published to the patient's view.

Messages may come late or twice, and two decider lanes overtake each other all the time: the highest sequence number per
(entry, audience) wins, and a re-decision marker waits until nothing below it is missing.
"""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from recordgate_consumers.rows import columns, newest_rows
from recordgate_consumers.view.rows import entry_row, is_broken
from recordgate_runtime.clock import Clock
from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import MARKERS_WAITING, POISON, PUBLISH_TO_VISIBLE, Stage
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.messages import Redecided, Release, Released
from recordgate_schemas.topics import RELEASED

_SQL = Statements("recordgate_consumers.view", "sink.sql")

Message = tuple[int, Released]
"""A message and the partition it came from."""


class ViewSink:
    """Applies `released` to the view (a sink's Handler)."""

    stage = Stage.VIEW_SINK

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._published: list[datetime] = []
        self._waiting = 0

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records: entries, then sequence numbers, then the markers that became due."""
        messages = [(r.partition, m) for r in records if (m := _read(r)) is not None]
        if messages:
            _put_entries(connection, messages)
            _note_sequences(connection, messages)
            _put_markers(connection, messages)
            settle_markers(connection, {partition for partition, _ in messages})
        self._waiting = _waiting(connection)
        self._published = [
            m.published_at for _, m in messages if not isinstance(m.change, Redecided)
        ]

    def applied(self, records: Sequence[Record]) -> None:  # noqa: ARG002  the Handler's shape
        """Measure how long each message took to the view, and say how many markers wait."""
        now = self._clock.now()
        for published_at in self._published:
            PUBLISH_TO_VISIBLE.observe(max(0.0, (now - published_at).total_seconds()))
        MARKERS_WAITING.set(self._waiting)


def _read(record: Record) -> Released | None:
    try:
        message: Released = codec.decode(RELEASED, record.value)
    except PoisonError:
        _set_aside(record)  # its sequence number stays open: markers wait, and that is an alert
        return None
    if isinstance(message.change, Release) and is_broken(message.change):
        _set_aside(record)
    return message


def _set_aside(record: Record) -> None:
    POISON.labels(RELEASED.name).inc()
    log(
        LogCode.POISON_SKIPPED,
        topic=RELEASED.name,
        partition=record.partition,
        offset=record.offset,
    )


def _put_entries(connection: psycopg.Connection, messages: Sequence[Message]) -> None:
    rows = newest_rows(row for _, m in messages if (row := entry_row(m)) is not None)
    if rows:
        connection.execute(_SQL["put_entries"], columns(rows))


def _note_sequences(connection: psycopg.Connection, messages: Sequence[Message]) -> None:
    applied = {
        "partition": [partition for partition, _ in messages],
        "sequence": [message.sequence for _, message in messages],
    }
    connection.execute(_SQL["note_sequences"], applied)


def _put_markers(connection: psycopg.Connection, messages: Sequence[Message]) -> None:
    markers = [
        (partition, m.sequence, m.nhs_number.digits, m.change.through)
        for partition, m in messages
        if isinstance(m.change, Redecided)
    ]
    if markers:
        names = ("partition", "sequence", "nhs_number", "through")
        parameters = dict(zip(names, map(list, zip(*markers, strict=True)), strict=True))
        connection.execute(_SQL["put_markers"], parameters)


def settle_markers(connection: psycopg.Connection, partitions: set[int]) -> None:
    """Apply the waiting markers of the partitions below which nothing is missing any more."""
    connection.execute(_SQL["settle_markers"], {"partitions": sorted(partitions)})


def _waiting(connection: psycopg.Connection) -> int:
    row = connection.execute(_SQL["count_waiting_markers"]).fetchone()
    return int(row[0]) if row else 0
