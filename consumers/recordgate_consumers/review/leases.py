"""Leases: who has an item at the moment. A lease's number is worth nothing once anybody has a newer one.

It is given back by deciding, cancelling or signing out, and ends by itself when no sign of life comes.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recordgate_consumers.review.desk import Conflict, Desk
from recordgate_consumers.review.rules import queues_of
from recordgate_consumers.review.workflow import IN_QUEUE, What
from recordgate_runtime.sql import Statements

_SQL = Statements("recordgate_consumers.review", "desk.sql")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to decide an item until `until`, as long as nobody has a greater number."""

    item_id: UUID
    number: int
    until: datetime


def claim(desk: Desk, item_id: UUID) -> Lease:
    """Take an item; raise Conflict when somebody else has it, or it is in no queue."""
    with desk.transaction() as now:
        asked = {"id": item_id, "states": list(IN_QUEUE), **_lease(desk, now)}
        row = desk.connection.execute(_SQL["claim"], asked).fetchone()
        if row is None:
            item = desk.found(item_id)
            holder = item.leased_by(now)
            raise Conflict(f"{holder} has it" if holder else f"it is {item.state}")
    return Lease(*row)


def claim_next(desk: Desk, what: What) -> Lease | None:
    """Take the first free item of the reviewer's queues that the reviewer may decide; None when there is none."""
    with desk.transaction() as now:
        asked = {
            "practice": desk.reviewer.practice,
            "what": what,
            "queues": list(queues_of(desk.reviewer.role)),
            **_lease(desk, now),
        }
        row = desk.connection.execute(_SQL["claim_next"], asked).fetchone()
    return Lease(*row) if row else None


def heartbeat(desk: Desk, lease: Lease) -> Lease:
    """Give a sign of life and return the lease with its new end; raise Conflict when it is over."""
    with desk.transaction() as now:
        asked = {"id": lease.item_id, "number": lease.number, **_lease(desk, now)}
        row = desk.connection.execute(_SQL["heartbeat"], asked).fetchone()
    if row is None:
        raise Conflict("your lease has ended")
    return Lease(*row)


def free(desk: Desk, lease: Lease) -> bool:
    """Give a lease back; return False when it is not the reviewer's any more."""
    with desk.transaction() as now:
        asked = {"id": lease.item_id, "number": lease.number, **_lease(desk, now)}
        return desk.connection.execute(_SQL["free"], asked).rowcount == 1


def free_all(desk: Desk) -> int:
    """Give back all of the reviewer's leases, as on signing out; return how many they were.

    INVARIANT: one transaction locks one item, here as everywhere, so that nobody and the sink wait for each other.
    """
    with desk.transaction():
        asked = {"practice": desk.reviewer.practice, "reviewer": desk.reviewer.name}
        found = desk.connection.execute(_SQL["leases_of"], asked).fetchall()
    return sum(free(desk, Lease(*row)) for row in found)


def _lease(desk: Desk, now: datetime) -> dict[str, object]:
    return {"reviewer": desk.reviewer.name, "now": now, "until": now + desk.times.lease}
