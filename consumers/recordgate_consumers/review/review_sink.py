"""The review sink: fills queues and task list from `held`. The highest sequence number per hold or task wins.

Numbers are compared within one incarnation of the ledger (recordgate_consumers.incarnations).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import psycopg

from recordgate_consumers import incarnations
from recordgate_consumers.batches import Columns, Row, newest
from recordgate_runtime.metrics import HOLDS_OPEN, BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.messages import Held, HoldClosed, HoldOpened, Queue, TaskClosed, TaskOpened
from recordgate_schemas.topics import HELD

_SQL = Statements("recordgate_consumers.review", "review_sink.sql")
_SHARED = Statements("recordgate_consumers", "incarnations.sql")
PAGE_ROWS = 1000

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
        read = [one for r in records if (one := incarnations.arrived(HELD, r)) is not None]
        counting = incarnations.current(connection, read)
        messages = [(p, m) for p, m in counting if isinstance(m, Held)]
        if holds := hold_columns(messages, self._due_after):
            connection.execute(_SQL["put_holds"], holds)
        if tasks := task_columns(messages):
            connection.execute(_SQL["put_tasks"], tasks)
        incarnations.note(connection, counting)

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Nothing: what it would have opened or closed stays as it is, and the record is counted."""

    def measure(self, records: Sequence[Record]) -> None:
        """Nothing to measure per record."""


def hold_columns(messages: Iterable[tuple[int, Held]], due_after: timedelta) -> Columns:
    """Return the newest state of each hold as columns of `hold`; `reasons` is a JSON list.

    A closed hold says why it was closed and has no content.
    """
    names = (
        "nhs_number", "audience", "entry_id", "sequence", "partition", "incarnation", "state", "updated_at",
        "closed_because", "reasons",
        "opened_at", "due_at", *_HOLD_CONTENT,
    )  # fmt: skip
    rows: list[Row] = []
    for partition, m in messages:
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
        rows.append((*key, m.sequence, partition, m.incarnation, *state, *content))
    return columns(names, newest(rows, key=3))


def task_columns(messages: Iterable[tuple[int, Held]]) -> Columns:
    """Return the newest state of each task as columns of `task`; a closed task keeps its key alone.

    `entry_id` is empty when the task is about a patient or a grant.
    """
    names = (
        "nhs_number", "reason", "audience", "entry_id", "sequence", "partition", "incarnation",
        "practice", "kind", "opened_at", "closed_at",
    )  # fmt: skip
    rows: list[Row] = []
    for partition, m in messages:
        match m.change:
            case TaskOpened() as change:
                state: Row = (change.practice, change.kind, m.at, None)
            case TaskClosed() as change:
                state = (None, None, None, m.at)
            case _:
                continue
        key = (m.nhs_number.digits, change.reason, change.audience, change.entry_id or "")
        rows.append((*key, m.sequence, partition, m.incarnation, *state))
    return columns(names, newest(rows, key=4))


def count_open(connection: psycopg.Connection, now: datetime) -> None:
    """Set the gauge of open holds."""
    with connection.transaction():
        row = connection.execute(_SQL["count_open"], {"now": now}).fetchone()
    if row is not None:
        HOLDS_OPEN.labels("past").set(row[1])
        HOLDS_OPEN.labels("ahead").set(row[0] - row[1])


def close_forgotten(connection: psycopg.Connection, now: datetime) -> None:
    """Close a page of what a restored ledger did not publish again; show which partitions are open."""
    with connection.transaction():
        incarnations.measure(connection, HELD)
        partitions = [p for (p,) in connection.execute(_SHARED["to_sweep"])]
        if not partitions:
            return
        page = {"now": now, "limit": PAGE_ROWS}
        closed = connection.execute(_SQL["close_forgotten_holds"], page).rowcount
        closed += connection.execute(_SQL["close_forgotten_tasks"], page).rowcount
        if not closed:
            connection.execute(_SHARED["swept"], {"partitions": partitions})
