"""Reads what waits for people: open holds, the one a decision is about, and open tasks."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import psycopg

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import Audience, EntryId, NhsNumber, OdsCode

_SQL = Statements("recordgate_consumers.review", "queue.sql")


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as seen at one moment; `sequence` changes whenever the decider publishes anything new about it."""

    nhs_number: str = field(repr=False)
    audience: str
    entry_id: str
    sequence: int
    state: str
    queue: str
    version: int
    practice: str
    kind: str
    event_date: date | None = field(repr=False)
    reasons: list[str]
    hide_first: bool
    bulk_release: bool
    decided_under: int
    ruleset: str
    body_sha256: bytes
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """Open work beyond deciding a hold; without `entry_id` it is about the patient or the grant."""

    nhs_number: str = field(repr=False)
    reason: str
    audience: str
    entry_id: str | None
    practice: str
    kind: str
    opened_at: datetime


def open_holds(
    connection: psycopg.Connection, practice: OdsCode | None = None, limit: int | None = None
) -> list[Hold]:
    """Return the open holds, of one practice or of all, the one due first on top; `limit` of them at most."""
    with connection.transaction():
        asked = {"practice": practice, "limit": limit}
        return rows_as(Hold, connection, _SQL["open_holds"], asked)


def open_tasks(
    connection: psycopg.Connection, practice: OdsCode | None = None, limit: int | None = None
) -> list[ReviewTask]:
    """Return the open tasks, incidents and urgent ones first, then the oldest; `limit` of them at most."""
    with connection.transaction():
        asked = {"practice": practice, "limit": limit}
        return rows_as(ReviewTask, connection, _SQL["open_tasks"], asked)


def count_open(
    connection: psycopg.Connection, what: Literal["holds", "tasks"], practice: OdsCode | None = None
) -> int:
    """Return how many holds or tasks are open, of one practice or of all."""
    with connection.transaction():
        row = connection.execute(_SQL[f"count_open_{what}"], {"practice": practice}).fetchone()
    return int(row[0]) if row else 0


def find_hold(
    connection: psycopg.Connection,
    entry_id: EntryId,
    audience: Audience,
    patient: NhsNumber | None = None,
) -> Hold:
    """Return the open hold of an entry for an audience; raise UsageError when there is not exactly one.

    `patient`: whose entry it is; needed only when several patients have an entry of that id.
    """
    asked = {"entry_id": entry_id, "audience": audience}
    with connection.transaction():
        found = rows_as(Hold, connection, _SQL["holds_of_entry"], asked)
    if patient is not None:
        found = [hold for hold in found if hold.nhs_number == patient.digits]
    still_open = [hold for hold in found if hold.state == "open"]
    if len(still_open) == 1:
        return still_open[0]
    if still_open:
        raise UsageError("ENTRY_ID: held for more than one patient; name yours with --of-patient")
    if found:
        raise UsageError("ENTRY_ID: already decided; `recordgate holds` lists what is open")
    raise UsageError("ENTRY_ID: no hold for this audience; `recordgate holds` lists what is open")
