"""Turns messages about holds and tasks into columns of `work_item`: which queue, how grave, due when."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from recordgate_consumers.batches import Columns, Row, newest
from recordgate_consumers.review.deadlines import deadline
from recordgate_consumers.review.harm import Harm, harm
from recordgate_runtime.sql import columns
from recordgate_schemas.messages import (
    Held,
    HoldClosed,
    HoldOpened,
    Queue,
    TaskClosed,
    TaskKind,
    TaskOpened,
)

SOURCE_FACTOR = 2
"""Nobody can work on a hold that waits for its source: it is due after so many times the days of the others."""

SOON = (TaskKind.URGENT, TaskKind.INCIDENT)
"""Kinds of tasks that are due first."""

_SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True)
class WorkTime:
    """Working days that work has: a hold or a task, and a task that is urgent or an incident."""

    days: int
    days_if_urgent: int


def open_columns(
    messages: Iterable[Held],
    news: Container[Row],
    since: Mapping[Row, datetime],
    time: WorkTime,
) -> Columns:
    """Return the newest of the messages in `news` that open work.

    `since`: when work that is open already was opened. It keeps that day: new content buys no time.
    """
    names = (
        "nhs_number", "audience", "entry_id", "reason", "sequence", "incarnation", "practice", "queue", "harm",
        "opened_at", "half_at", "most_at", "due_at", "updated_at",
    )  # fmt: skip
    rows: list[Row] = []
    for key, message in _newest(messages, news):
        change = message.change
        if not isinstance(change, HoldOpened | TaskOpened):
            continue
        queue, gravity, days = _route(change, time)
        opened_at = since.get(key, message.at)
        times = deadline(opened_at, days)
        rows.append(
            (*key, message.sequence, message.incarnation, change.practice, queue, gravity, opened_at,
             times.half_at, times.most_at, times.due_at, message.at)
        )  # fmt: skip
    return columns(names, rows)


def closed_columns(messages: Iterable[Held], news: Container[Row]) -> Columns:
    """Return the newest of the messages in `news` that close work, with the reason."""
    names = (
        "nhs_number", "audience", "entry_id", "reason", "sequence", "incarnation", "because", "updated_at",
    )  # fmt: skip
    rows: list[Row] = []
    for key, message in _newest(messages, news):
        match message.change:
            case HoldClosed() as change:
                because: str = change.outcome
            case TaskClosed():
                because = _SETTLED
            case _:
                continue
        rows.append((*key, message.sequence, message.incarnation, because, message.at))
    return columns(names, rows)


def _newest(messages: Iterable[Held], news: Container[Row]) -> list[tuple[Row, Held]]:
    rows = [(*_key(message), message.sequence, message) for message in messages]
    return [(row[:4], row[5]) for row in newest(rows, key=4) if row[:4] in news]


def _key(message: Held) -> Row:
    change = message.change
    reason = change.reason if isinstance(change, TaskOpened | TaskClosed) else ""
    return (message.nhs_number.digits, change.audience, change.entry_id or "", reason)


def _route(change: HoldOpened | TaskOpened, time: WorkTime) -> tuple[Queue, Harm, int]:
    """Which queue, how grave, and how many working days it has."""
    if isinstance(change, HoldOpened):
        days = time.days * (SOURCE_FACTOR if change.queue is Queue.SOURCE else 1)
        return change.queue, harm(change.reasons), days
    queue = Queue.SYSTEM if change.kind is TaskKind.CONFIG else Queue.PRACTICE
    soon = change.kind in SOON
    gravity = harm((change.reason,))
    return (
        queue,
        min(gravity, Harm.OTHERS) if soon else gravity,
        (time.days_if_urgent if soon else time.days),
    )
