"""A reviewer at work: one practice, one person, one role; every transaction names the practice and sees no other.

Whoever reads or changes a work item does it through a `Desk`: the site, its API and the commands.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from recordgate_consumers.review import items
from recordgate_consumers.review.items import Item, Key
from recordgate_consumers.review.rules import Role
from recordgate_consumers.review.workflow import Action, What
from recordgate_runtime.clock import Clock
from recordgate_runtime.sql import Statements
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue
from recordgate_schemas.values import OdsCode

_SQL = Statements("recordgate_consumers.review", "desk.sql")
_ITEMS = Statements("recordgate_consumers.review", "items.sql")
READ = "read"
"""The event of somebody opening what an item is about."""


class Conflict(UsageError):
    """The item is not as the reviewer saw it, or is no longer the reviewer's. `changes` says how, in words."""

    def __init__(self, *changes: str) -> None:
        super().__init__(f"item: look at it again; {'; '.join(changes)}")
        self.changes = changes


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews, for which practice, as what. `name`: an identifier that events carry, of at most 100 characters."""

    name: str
    practice: OdsCode
    role: Role

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= 100:
            raise UsageError("reviewer: a name of 1 to 100 characters is needed")


@dataclass(frozen=True, slots=True)
class Times:
    """How long a lease lasts without a sign of life, and for how long a release can be undone."""

    lease: timedelta = timedelta(minutes=10)
    undo: timedelta = timedelta(seconds=30)


class Desk:
    """Reads the queues of one reviewer's practice. Leases and decisions: `leases.py`, `deciding.py`.

    `connection` is logged in as `review_app`.
    """

    def __init__(
        self, connection: psycopg.Connection, reviewer: Reviewer, clock: Clock, times: Times
    ) -> None:
        self.connection, self.reviewer, self.times = connection, reviewer, times
        self._clock = clock

    @contextmanager
    def transaction(self) -> Iterator[datetime]:
        """Run a transaction for the reviewer's practice; give its time."""
        with self.connection.transaction():
            practice = {"practice": self.reviewer.practice}
            self.connection.execute(_ITEMS["name_practice"], practice)
            yield self._clock.now()

    def page(
        self, what: What, *, queue: Queue | None = None, after: Key = items.START, limit: int = 50
    ) -> list[Item]:
        """Return the next items in the practice's queues, in order."""
        with self.transaction():
            return items.page(
                self.connection,
                self.reviewer.practice,
                what,
                queue=queue,
                after=after,
                limit=limit,
            )

    def waiting(self, what: What, *, limit: int = 50) -> list[Item]:
        """Return what is put off and in no queue, the one that comes back first on top."""
        with self.transaction():
            return items.waiting(self.connection, self.reviewer.practice, what, limit)

    def count(self, what: What, queue: Queue | None = None) -> int:
        """Return how many items are in the practice's queues, or in one."""
        with self.transaction():
            return items.count(self.connection, self.reviewer.practice, what, queue)

    def item(self, item_id: UUID) -> Item:
        """Return an item without what it is about; raise Conflict when the practice has none of that id."""
        with self.transaction():
            return self.found(item_id)

    def read(self, item_id: UUID) -> tuple[Item, bytes | None, str | None]:
        """Return an item with the body it is about and the body's type. That somebody read it is recorded."""
        with self.transaction() as now:
            item = self.found(item_id)
            row = self.connection.execute(_ITEMS["body"], {"id": item_id}).fetchone()
            self.record(item_id, READ, now)
        return (
            item,
            bytes(row[0]) if row and row[0] is not None else None,
            row[1] if row else None,
        )

    def found(self, item_id: UUID) -> Item:
        """Return an item, within a transaction; raise Conflict when the practice has none of that id."""
        item = items.find(self.connection, item_id)
        if item is None:
            raise Conflict("your practice has no such item (any more)")
        return item

    def record(
        self,
        item_id: UUID,
        action: Action | str,
        now: datetime,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Add what the reviewer did to the events of an item, within the transaction that does it."""
        nothing = {"because": None, "sent_to": None, "until": None}
        who = {"reviewer": self.reviewer.name, "role": self.reviewer.role}
        event = {**nothing, **(details or {}), **who, "id": item_id, "action": action, "now": now}
        self.connection.execute(_SQL["record"], event)
