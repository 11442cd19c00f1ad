"""The read API of the view: what one audience may see of one patient, now."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import psycopg

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.values import Audience, NhsNumber

_SQL = Statements("recordgate_consumers.view", "read.sql")


@dataclass(frozen=True, slots=True)
class VisibleEntry:
    """An entry as its reader gets it. `public_id` is random and stays the same across versions."""

    public_id: UUID
    kind: str
    event_date: date | None = field(repr=False)
    recorded_at: datetime | None = field(repr=False)
    redacted: bool
    body: bytes = field(repr=False)
    body_type: str
    version: int


def read_view(
    connection: psycopg.Connection, nhs_number: NhsNumber, audience: Audience
) -> list[VisibleEntry]:
    """Return what is visible, newest first. The connection acts as `view_reader`.

    Nothing released, everything hidden and an unknown patient give the same empty list.
    """
    reader = {"nhs_number": nhs_number.digits, "audience": audience}
    with connection.transaction():
        connection.execute(_SQL["name_reader"], reader)
        return rows_as(VisibleEntry, connection, _SQL["visible_entries"])
