"""The review sink: keeps holds and tasks as `held` has them, and their work items in queues.

The highest sequence number per hold or task wins. Numbers are compared within one incarnation of the ledger
(recordgate_consumers.incarnations). Which moves of the workflow are the decider's: `workflow.py`.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import psycopg

from recordgate_consumers import incarnations
from recordgate_consumers.batches import Columns, Row, newest
from recordgate_consumers.review.work_columns import WorkTime, closed_columns, open_columns
from recordgate_runtime.metrics import BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas.messages import Held, HoldClosed, HoldOpened, TaskClosed, TaskOpened
from recordgate_schemas.topics import HELD

_SQL = Statements("recordgate_consumers.review", "review_sink.sql")
_SHARED = Statements("recordgate_consumers", "incarnations.sql")
_KEY = ("nhs_number", "audience", "entry_id", "reason")
PAGE_ROWS = 1000

_HOLD_CONTENT = (
    "queue", "version", "practice", "kind", "event_date", "hide_first", "bulk_release", "decided_under", "ruleset",
    "body", "body_type", "body_sha256",
)  # fmt: skip
"""Columns of `hold` that an open hold fills and a closed one leaves null."""


class ReviewSink:
    """Applies `held` to holds, tasks and their work items (a sink's Handler). `time`: how long work may take."""

    stage = BatchStage.REVIEW_SINK

    def __init__(self, time: WorkTime) -> None:
        self._time = time

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Open, replace and close holds, tasks and work items, set-based."""
        read = [one for r in records if (one := incarnations.arrived(HELD, r)) is not None]
        counting = incarnations.current(connection, read)
        messages = [(p, m) for p, m in counting if isinstance(m, Held)]
        news: set[Row] = set()
        if holds := hold_columns(messages):
            news |= set(connection.execute(_SQL["put_holds"], holds))
        if tasks := task_columns(messages):
            news |= set(connection.execute(_SQL["put_tasks"], tasks))
        if news:
            self._follow(connection, [m for _, m in messages], news)
        incarnations.note(connection, counting)

    def _follow(
        self, connection: psycopg.Connection, messages: Sequence[Held], news: set[Row]
    ) -> None:
        """Open or close the work items of what is new, and keep back releases that it overtakes."""
        keys = columns(_KEY, sorted(news))
        since = {tuple(key): at for *key, at in connection.execute(_SQL["opened_before"], keys)}
        if opening := open_columns(messages, news, since, self._time):
            connection.execute(_SQL["open_work"], opening)
        if closing := closed_columns(messages, news):
            connection.execute(_SQL["close_work"], closing)
        connection.execute(
            _SQL["cancel_releases"], {**keys, "now": max(one.at for one in messages)}
        )

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Nothing: what it would have opened or closed stays as it is, and the record is counted."""

    def measure(self, records: Sequence[Record]) -> None:
        """Nothing to measure per record."""


def hold_columns(messages: Iterable[tuple[int, Held]]) -> Columns:
    """Return the newest state of each hold as columns of `hold`; `reasons` is a JSON list.

    A closed hold says why it was closed and has no content.
    """
    names = (
        "nhs_number", "audience", "entry_id", "sequence", "partition", "incarnation", "state", "updated_at",
        "closed_because", "reasons", *_HOLD_CONTENT,
    )  # fmt: skip
    rows: list[Row] = []
    for partition, m in messages:
        match m.change:
            case HoldOpened() as change:
                state: Row = ("open", m.at, None, json.dumps(change.reasons))
            case HoldClosed() as change:
                state = ("closed", m.at, change.outcome, "[]")
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
        "practice", "kind", "closed_at",
    )  # fmt: skip
    rows: list[Row] = []
    for partition, m in messages:
        match m.change:
            case TaskOpened() as change:
                state: Row = (change.practice, change.kind, None)
            case TaskClosed() as change:
                state = (None, None, m.at)
            case _:
                continue
        key = (m.nhs_number.digits, change.reason, change.audience, change.entry_id or "")
        rows.append((*key, m.sequence, partition, m.incarnation, *state))
    return columns(names, newest(rows, key=4))


def close_forgotten(connection: psycopg.Connection, now: datetime) -> None:
    """Close a page of what a restored ledger did not publish again; show which partitions are open."""
    with connection.transaction():
        incarnations.measure(connection, HELD)
        partitions = [p for (p,) in connection.execute(_SHARED["to_sweep"])]
        if not partitions:
            return
        page = {"now": now, "limit": PAGE_ROWS}
        closed = connection.execute(_SQL["close_forgotten_holds"], page).fetchall()
        closed += connection.execute(_SQL["close_forgotten_tasks"], page).fetchall()
        if not closed:
            connection.execute(_SHARED["swept"], {"partitions": partitions})
            return
        rows = sorted((*row, "RESTORED", now) for row in closed)
        names = (*_KEY, "incarnation", "sequence", "because", "updated_at")
        connection.execute(_SQL["close_work"], columns(names, rows))
        keys = columns(_KEY, [row[:4] for row in rows])
        connection.execute(_SQL["cancel_releases"], {**keys, "now": now})
