"""The view sink: applies what the decider published to the patient's view.

Messages may come late or twice, and the decider's two lanes overtake each other all the time: the highest sequence
number per (entry, audience) wins, and a re-decision marker waits until nothing below it is missing.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import psycopg

from recordgate_consumers.batches import Columns, decode_or_report, newest, report_poison
from recordgate_runtime.clock import Clock
from recordgate_runtime.logs import LogCode
from recordgate_runtime.metrics import MARKERS_WAITING, PUBLISH_TO_VISIBLE, BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.messages import Redecided, Release, Released, Retract
from recordgate_schemas.topics import RELEASED

_SQL = Statements("recordgate_consumers.view", "view_sink.sql")

_CONTENT = (
    "version", "kind", "event_date", "recorded_at", "redacted", "valid_until",
    "body", "body_type", "body_sha256",
)  # fmt: skip
"""Columns of `released_entry` that a release fills and a retraction leaves null."""


class ViewSink:
    """Applies `released` to the view (a sink's Handler)."""

    stage = BatchStage.VIEW_SINK

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._published: list[datetime] = []
        self._markers_waiting = 0

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records: entries, then sequence numbers, then the markers that became due."""
        messages = [(r.partition, m) for r in records if (m := read_released(r)) is not None]
        if messages:
            if entries := entry_columns([message for _, message in messages]):
                connection.execute(_SQL["put_entries"], entries)
            sequences = columns(("partition", "sequence"), [(p, m.sequence) for p, m in messages])
            connection.execute(_SQL["note_sequences"], sequences)
            if markers := _marker_columns(messages):
                connection.execute(_SQL["put_markers"], markers)
            partitions = sorted({partition for partition, _ in messages})
            connection.execute(_SQL["settle_markers"], {"partitions": partitions})
        row = connection.execute(_SQL["count_waiting_markers"]).fetchone()
        self._markers_waiting = row[0] if row else 0
        self._published = [
            m.published_at for _, m in messages if not isinstance(m.change, Redecided)
        ]

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Take the entry it is about out of the view; its sequence number stays open: markers wait, an alert is raised.

        SAFETY: it may be a retraction, or the version that had to replace what is shown.
        """
        message = read_released(record)
        if message is None or isinstance(change := message.change, Redecided):
            return
        retraction = replace(message, change=Retract(change.audience, change.entry_id))
        # if even that is refused, the others must go on: what is shown then stays until its next version
        with suppress(psycopg.DataError, psycopg.IntegrityError), connection.transaction():
            connection.execute(_SQL["put_entries"], entry_columns([retraction]))

    def measure(self, records: Sequence[Record]) -> None:  # noqa: ARG002  the Handler's shape
        """Measure how long each message took to reach the view, and how many markers wait."""
        now = self._clock.now()
        for published_at in self._published:
            PUBLISH_TO_VISIBLE.observe(max(0.0, (now - published_at).total_seconds()))
        MARKERS_WAITING.set(self._markers_waiting)


def read_released(record: Record) -> Released | None:
    """Return a record's message; None when it cannot be decoded. A release with a wrong hash becomes a retraction.

    SAFETY: what the hash does not cover is not what was decided on.
    """
    message: Released | None = decode_or_report(RELEASED, record)
    change = message.change if message else None
    if message is None or not isinstance(change, Release):
        return message
    if hashlib.sha256(change.body).digest() == change.body_sha256:
        return message
    report_poison(RELEASED, record, LogCode.POISON_SKIPPED)
    return replace(message, change=Retract(change.audience, change.entry_id))


def entry_columns(messages: Sequence[Released]) -> Columns:
    """Return the newest release or retraction per entry and audience as columns of `released_entry`."""
    names = ("nhs_number", "audience", "entry_id", "sequence", "decided_under", *_CONTENT)
    rows = [
        (
            *(m.nhs_number.digits, change.audience, change.entry_id, m.sequence, m.decided_under),
            *(getattr(change, name, None) for name in _CONTENT),
        )
        for m in messages
        if not isinstance(change := m.change, Redecided)
    ]
    return columns(names, newest(rows, key=3))


def _marker_columns(messages: Sequence[tuple[int, Released]]) -> Columns:
    markers = [
        (partition, m.sequence, m.nhs_number.digits, m.change.through)
        for partition, m in messages
        if isinstance(m.change, Redecided)
    ]
    return columns(("partition", "sequence", "nhs_number", "through"), markers)
