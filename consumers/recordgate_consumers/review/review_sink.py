"""The review sink: fills queues and task list from `held`. The highest sequence number per hold or task wins."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg

from recordgate_consumers.batches import Columns, Row, decode_or_report, newest
from recordgate_runtime.metrics import HOLDS_OPEN, BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.messages import Held, HoldClosed, HoldOpened, Queue, TaskClosed, TaskOpened
from recordgate_schemas.topics import HELD

_SQL = Statements("recordgate_consumers.review", "review_sink.sql")

SOURCE_FACTOR = 2
"""Nobody can work on a hold that waits for its source: it is due after so many times the days of the others."""

_HOLD_CONTENT = (
    "queue", "version", "practice", "kind", "event_date", "hide_first", "bulk_release", "decided_under", "ruleset",
    "body", "body_type", "body_sha256",
)  # fmt: skip
"""Columns of `hold` that an open hold fills and a closed one leaves null."""


class ReviewSink:
    """Applies `held` to holds and tasks (a sink's Handler). `due_after`: how long a hold may stay open."""

    stage = BatchStage.REVIEW_SINK

    def __init__(self, due_after: timedelta) -> None:
        self._due_after = due_after

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Open, replace and close holds and tasks, set-based."""
        messages = [m for r in records if (m := decode_or_report(HELD, r)) is not None]
        if holds := hold_columns(messages, self._due_after):
            connection.execute(_SQL["put_holds"], holds)
        if tasks := task_columns(messages):
            connection.execute(_SQL["put_tasks"], tasks)

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Nothing: what it would have opened or closed stays as it is, and the record is counted."""

    def measure(self, records: Sequence[Record]) -> None:
        """Nothing to measure per record."""


def hold_columns(messages: Sequence[Held], due_after: timedelta) -> Columns:
    """Return the newest state of each hold as columns of `hold`; `reasons` is a JSON list.

    A closed hold says why it was closed and has no content.
    """
    names = (
        "nhs_number", "audience", "entry_id", "sequence", "state", "updated_at", "closed_because", "reasons",
        "opened_at", "due_at", *_HOLD_CONTENT,
    )  # fmt: skip
    rows: list[Row] = []
    for m in messages:
        match m.change:
            case HoldOpened() as change:
                due_at = m.at + (SOURCE_FACTOR if change.queue is Queue.SOURCE else 1) * due_after
                state: Row = ("open", m.at, None, json.dumps(change.reasons), m.at, due_at)
            case HoldClosed() as change:
                state = ("closed", m.at, change.outcome, "[]", None, None)
            case _:
                continue
        key = (m.nhs_number.digits, change.audience, change.entry_id)
        content = (getattr(change, name, None) for name in _HOLD_CONTENT)
        rows.append((*key, m.sequence, *state, *content))
    return columns(names, newest(rows, key=3))


def task_columns(messages: Sequence[Held]) -> Columns:
    """Return the newest state of each task as columns of `task`; a closed task keeps its key alone.

    `entry_id` is empty when the task is about a patient or a grant.
    """
    names = (
        "nhs_number", "reason", "audience", "entry_id", "sequence", "practice", "kind", "opened_at", "closed_at",
    )  # fmt: skip
    rows: list[Row] = []
    for m in messages:
        match m.change:
            case TaskOpened() as change:
                state: Row = (change.practice, change.kind, m.at, None)
            case TaskClosed() as change:
                state = (None, None, None, m.at)
            case _:
                continue
        key = (m.nhs_number.digits, change.reason, change.audience, change.entry_id or "")
        rows.append((*key, m.sequence, *state))
    return columns(names, newest(rows, key=4))


def count_open(connection: psycopg.Connection, now: datetime) -> None:
    """Set the gauge of open holds."""
    with connection.transaction():
        row = connection.execute(_SQL["count_open"], {"now": now}).fetchone()
    if row is not None:
        HOLDS_OPEN.labels("past").set(row[1])
        HOLDS_OPEN.labels("ahead").set(row[0] - row[1])
