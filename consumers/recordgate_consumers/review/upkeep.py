"""What time does to work: what has waited comes back, what is late escalates; and the gauges of the queue."""

from datetime import datetime, timedelta
from itertools import product

import psycopg

from recordgate_consumers.review.deadlines import STEPS
from recordgate_consumers.review.workflow import What
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import ESCALATIONS, WORK_OPEN
from recordgate_runtime.sql import Statements
from recordgate_schemas.messages import Queue

_SQL = Statements("recordgate_consumers.review", "upkeep.sql")
PAGE_ROWS = 1000
ANSWERED_WITHIN = timedelta(hours=1)
"""How long after an outcome was sent the decider has for an answer, before the hold is looked at again."""
NEW, OLD = timedelta(days=2), timedelta(days=14)
"""Work is `new` for two days, and `old` after fourteen."""


def pass_time(connection: psycopg.Connection, now: datetime) -> None:
    """Wake what has waited, reopen what the decider did not answer, escalate what is late; a page of each."""
    page = {"now": now, "limit": PAGE_ROWS, "sent_before": now - ANSWERED_WITHIN}
    with connection.transaction():
        connection.execute(_SQL["wake"], page)
        connection.execute(_SQL["reopen_unanswered"], page)
        escalated = connection.execute(_SQL["escalate"], page).fetchall()
    for queue, step in escalated:
        ESCALATIONS.labels(queue, step).inc()
    if overdue := sum(step == STEPS[-1] for _, step in escalated):
        log(LogCode.WORK_OVERDUE, count=overdue, advice="docs/runbook/overdue-work.md")


def count_work(connection: psycopg.Connection, now: datetime) -> None:
    """Set the gauges of work that is not decided."""
    asked = {"now": now, "new_since": now - NEW, "old_since": now - OLD}
    with connection.transaction():
        counted = connection.execute(_SQL["count_work"], asked).fetchall()
    found = {
        (what, queue, _age(is_new=is_new, is_old=is_old), _due(overdue=overdue)): count
        for what, queue, is_new, is_old, overdue, count in counted
    }
    for labels in product(What, Queue, ("new", "middle", "old"), ("ahead", "past")):
        WORK_OPEN.labels(*labels).set(found.get(labels, 0))


def _age(*, is_new: bool, is_old: bool) -> str:
    if is_new:
        return "new"
    return "old" if is_old else "middle"


def _due(*, overdue: bool) -> str:
    return "past" if overdue else "ahead"
