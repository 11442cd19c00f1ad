"""Work items as reviewers see them: pages of a queue, one item, what was seen of it, and why it is next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Self
from uuid import UUID

import psycopg

from recordgate_consumers.review.deadlines import working_days_between
from recordgate_consumers.review.harm import MEANING, Harm
from recordgate_consumers.review.workflow import What
from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.messages import Queue

_SQL = Statements("recordgate_consumers.review", "items.sql")
MOST_ON_A_PAGE = 500
_NIL = UUID(int=0)
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """A hold or a task, as it was read at one moment. `reasons`: of a task, the one it is known by.

    `version` to `body_sha256` are what a hold's outcome is bound to; None for a task. `incarnation` and `sequence` grow
    whenever the decider publishes anything new about it. `for_clinician`: the decider asks for one; `queue` may be
    another by now.
    """

    id: UUID
    what: What
    nhs_number: str = field(repr=False)
    audience: str
    entry_id: str
    practice: str
    queue: str
    harm: int
    state: str
    incarnation: int
    sequence: int
    opened_at: datetime
    half_at: datetime
    most_at: datetime
    due_at: datetime
    escalated: int
    closed_because: str | None
    assigned_to: str | None
    passed_by: list[str]
    wait_until: datetime | None
    lease_holder: str | None
    lease_until: datetime | None
    opinion_by: list[str]
    decided_by: str | None
    kind: str | None
    for_clinician: bool
    reasons: list[str]
    version: int | None
    event_date: date | None = field(repr=False)
    hide_first: bool
    bulk_release: bool
    decided_under: int | None
    ruleset: str | None
    body_sha256: bytes | None

    @property
    def owner(self) -> str:
        """Who has to see to it: a person, or everybody of its queue."""
        return self.assigned_to or self.queue

    def is_overdue(self, now: datetime) -> bool:
        """True when its due date is past."""
        return self.due_at <= now

    def leased_by(self, now: datetime) -> str | None:
        """Return who has it, if anybody still has."""
        return (
            self.lease_holder if self.lease_until is not None and now < self.lease_until else None
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reviewer had on the screen. A decision counts for nothing else."""

    item_id: UUID
    incarnation: int
    sequence: int
    version: int | None
    body_sha256: bytes | None
    reasons: tuple[str, ...]
    decided_under: int | None
    ruleset: str | None

    @classmethod
    def of(cls, item: Item) -> Self:
        """Return what is seen of an item."""
        return cls(
            item.id,
            item.incarnation,
            item.sequence,
            item.version,
            item.body_sha256,
            tuple(sorted(item.reasons)),
            item.decided_under,
            item.ruleset,
        )

    def changes(self, item: Item) -> tuple[str, ...]:
        """Return what has changed since, in words; nothing when the item is what was seen."""
        now = Seen.of(item)
        if item.closed_because is not None:
            return (f"it was closed: {item.closed_because}",)
        found = []
        if self.version != now.version:
            found.append(f"version {now.version} in place of {self.version}")
        if self.body_sha256 != now.body_sha256:
            found.append("another content")
        if added := sorted(set(now.reasons) - set(self.reasons)):
            found.append(f"new reasons: {', '.join(added)}")
        if gone := sorted(set(self.reasons) - set(now.reasons)):
            found.append(f"reasons that are gone: {', '.join(gone)}")
        if self.decided_under != now.decided_under:
            found.append("newer facts about the patient")
        if self.ruleset != now.ruleset:
            found.append("another ruleset")
        if not found and self != now:
            found.append("it was decided again, with the same result")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page begins: behind the item with these values."""

    due_at: datetime
    harm: int
    opened_at: datetime
    id: UUID

    @classmethod
    def of(cls, item: Item) -> Self:
        """Return the key of an item, to go on behind it."""
        return cls(item.due_at, item.harm, item.opened_at, item.id)


START = Key(_FIRST, 0, _FIRST, _NIL)


def page(
    connection: psycopg.Connection,
    practice: str,
    what: What,
    *,
    queue: Queue | None = None,
    after: Key = START,
    limit: int = 50,
) -> list[Item]:
    """Return the next items of a practice's queues, or of one queue, in order; at most 500.

    The transaction must have named the practice (`Desk`), or the database gives nothing.
    """
    asked: Mapping[str, object] = {
        "practice": practice,
        "what": what,
        "queue": queue,
        "due_at": after.due_at,
        "harm": after.harm,
        "opened_at": after.opened_at,
        "id": after.id,
        "limit": min(limit, MOST_ON_A_PAGE),
    }
    return rows_as(Item, connection, _SQL["page"], asked)


def waiting(connection: psycopg.Connection, practice: str, what: What, limit: int) -> list[Item]:
    """Return the items of a practice that are put off, the one that comes back first on top; at most 500."""
    asked = {"practice": practice, "what": what, "limit": min(limit, MOST_ON_A_PAGE)}
    return rows_as(Item, connection, _SQL["waiting"], asked)


def count(
    connection: psycopg.Connection, practice: str, what: What, queue: Queue | None = None
) -> int:
    """Return how many items are in a practice's queues, or in one."""
    asked = {"practice": practice, "what": what, "queue": queue}
    row = connection.execute(_SQL["count_in_queues"], asked).fetchone()
    return int(row[0]) if row else 0


def find(connection: psycopg.Connection, item_id: UUID) -> Item | None:
    """Return an item of the practice that the transaction has named, whatever its state."""
    found = rows_as(Item, connection, _SQL["item"], {"id": item_id})
    return found[0] if found else None


def why_next(item: Item, now: datetime) -> str:
    """Say why an item comes where it comes: its due date, its harm, its age, and who has it."""
    parts = [_due(item, now), f"{MEANING[Harm(item.harm)]} ({', '.join(item.reasons)})"]
    days = working_days_between(item.opened_at, now)
    parts.append(f"open for {days} working day{'' if days == 1 else 's'}")
    if item.wait_until is not None:
        parts.append(f"waiting until {item.wait_until.date()}")
    elif item.state != "open":
        parts.append(item.state.replace("_", " "))
    if holder := item.leased_by(now):
        parts.append(f"{holder} has it")
    return "; ".join(parts)


def _due(item: Item, now: datetime) -> str:
    if item.is_overdue(now):
        return "overdue"
    # work is due at the end of a day: the instant itself is the beginning of the next one
    days = working_days_between(now, item.due_at - timedelta(microseconds=1))
    return f"due in {days} working day{'' if days == 1 else 's'}" if days else "due today"
