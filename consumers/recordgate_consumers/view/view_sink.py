"""The view sink: applies what the decider published to the patient's view.

Messages may come late or twice, and the decider's two lanes overtake each other all the time: the highest sequence
number per (entry, audience) wins, and a re-decision marker waits until nothing below it is missing. Numbers are
compared within one incarnation of the ledger (recordgate_consumers.incarnations).
"""

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import psycopg

from recordgate_consumers import incarnations
from recordgate_consumers.batches import Columns, decode_or_report, newest, report_poison
from recordgate_runtime.clock import Clock
from recordgate_runtime.logs import LogCode
from recordgate_runtime.metrics import MARKERS_WAITING, PUBLISH_TO_VISIBLE, BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.messages import (
    Closed,
    IncarnationMessage,
    Redecided,
    Release,
    Released,
    Retract,
)
from recordgate_schemas.topics import RELEASED

_SQL = Statements("recordgate_consumers.view", "view_sink.sql")

_CONTENT = (
    "version", "kind", "event_date", "recorded_at", "redacted", "valid_until",
    "body", "body_type", "body_sha256",
)  # fmt: skip
"""Columns of `released_entry` that a release fills and a retraction leaves null."""

Placed = tuple[int, Released]
"""A message about a patient, and its partition."""


class ViewSink:
    """Applies `released` to the view (a sink's Handler)."""

    stage = BatchStage.VIEW_SINK

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._published: list[datetime] = []
        self._markers_waiting = 0

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records: entries and closings, then sequence numbers, then the markers that became due."""
        read = [(r.partition, m) for r in records if (m := read_released(r)) is not None]
        counting = incarnations.current(connection, read)
        messages = [(p, m) for p, m in counting if isinstance(m, Released)]
        if entries := entry_columns(messages):
            connection.execute(_SQL["put_entries"], entries)
        if closings := _closing_columns(messages):
            connection.execute(_SQL["put_closings"], closings)
        incarnations.note(connection, counting)
        self._markers_waiting = _settle(connection, messages, {p for p, _ in counting})
        self._published = [m.published_at for _, m in messages if _is_content(m)]

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Take the entry it is about out of the view; its sequence number stays open: markers wait, an alert is raised.

        SAFETY: it may be a retraction, or the version that had to replace what is shown.
        """
        message = read_released(record)
        if message is None:
            return
        for partition, counting in incarnations.current(connection, [(record.partition, message)]):
            if isinstance(counting, Released):
                _take_out(connection, partition, counting)

    def measure(self, records: Sequence[Record]) -> None:  # noqa: ARG002  the Handler's shape
        """Measure how long each message took to reach the view, and how many markers wait."""
        now = self._clock.now()
        for published_at in self._published:
            PUBLISH_TO_VISIBLE.observe(max(0.0, (now - published_at).total_seconds()))
        MARKERS_WAITING.set(self._markers_waiting)


def read_released(record: Record) -> Released | IncarnationMessage | None:
    """Return a record's message; None when it cannot be decoded. A release with a wrong hash becomes a retraction.

    SAFETY: what the hash does not cover is not what was decided on.
    """
    message: Released | IncarnationMessage | None = decode_or_report(RELEASED, record)
    if not isinstance(message, Released) or not isinstance(change := message.change, Release):
        return message
    if hashlib.sha256(change.body).digest() == change.body_sha256:
        return message
    report_poison(RELEASED, record, LogCode.POISON_SKIPPED)
    return replace(message, change=Retract(change.audience, change.entry_id))


def entry_columns(messages: Iterable[Placed]) -> Columns:
    """Return the newest release or retraction per entry and audience as columns of `released_entry`."""
    names = (
        "nhs_number", "audience", "entry_id", "sequence", "partition", "incarnation", "decided_under", *_CONTENT,
    )  # fmt: skip
    rows = [
        (
            *(m.nhs_number.digits, change.audience, change.entry_id, m.sequence),
            *(partition, m.incarnation, m.decided_under),
            *(getattr(change, name, None) for name in _CONTENT),
        )
        for partition, m in messages
        if isinstance(change := m.change, Release | Retract)
    ]
    return columns(names, newest(rows, key=3))


def _is_content(message: Released) -> bool:
    return isinstance(message.change, Release | Retract)


def _take_out(connection: psycopg.Connection, partition: int, message: Released) -> None:
    if isinstance(message.change, Closed):
        connection.execute(_SQL["put_closings"], _closing_columns([(partition, message)]))
    if not isinstance(change := message.change, Release | Retract):
        return
    retraction = replace(message, change=Retract(change.audience, change.entry_id))
    # if even that is refused, the others must go on: what is shown then stays until its next version
    with suppress(psycopg.DataError, psycopg.IntegrityError), connection.transaction():
        connection.execute(_SQL["put_entries"], entry_columns([(partition, retraction)]))


def _settle(
    connection: psycopg.Connection, messages: Iterable[Placed], partitions: AbstractSet[int]
) -> int:
    """Let markers wait, apply those that need not any more, and return how many wait then.

    SAFETY: a batch without markers may bring the number that one waits for, so the table is looked at in any case.
    """
    markers, waiting = _marker_columns(messages), _count_waiting(connection)
    if not markers and not waiting:
        return 0
    touched = {"partitions": sorted(partitions)}
    connection.execute(_SQL["forget_markers"], touched)
    if markers:
        connection.execute(_SQL["put_markers"], markers)
    connection.execute(_SQL["settle_markers"], touched)
    return _count_waiting(connection)


def _count_waiting(connection: psycopg.Connection) -> int:
    row = connection.execute(_SQL["count_waiting_markers"]).fetchone()
    return row[0] if row else 0


def _closing_columns(messages: Iterable[Placed]) -> Columns:
    closings = [
        (m.nhs_number.digits, m.incarnation, m.sequence)
        for _, m in messages
        if isinstance(m.change, Closed)
    ]
    return columns(("nhs_number", "incarnation", "sequence"), closings)


def _marker_columns(messages: Iterable[Placed]) -> Columns:
    names = ("partition", "incarnation", "sequence", "nhs_number", "through", "lifts")
    markers = [
        (
            partition,
            m.incarnation,
            m.sequence,
            m.nhs_number.digits,
            m.change.through,
            m.change.lifts,
        )
        for partition, m in messages
        if isinstance(m.change, Redecided)
    ]
    return columns(names, markers)
