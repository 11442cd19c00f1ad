"""Explains an entry from the ledger: every decision with its reasons, the facts they rest on, and its source."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.ledger.records import SQL
from recordgate_streams.ledger.rows import stored


@dataclass(frozen=True, slots=True)
class Explained:
    """One patient's entry: where it came from, what is known of patient and entry, and its decisions, newest last.

    `suppressed`, `affected`: audiences for which it is suppressed for its own reasons, or affected by a suppressed
    relative, and how.
    """

    entry_id: EntryId
    version: int | None
    partition: int | None
    offset: int | None
    published_at: datetime | None
    control_position: int
    due_at: datetime | None
    facts: dict[str, Any]
    statements: dict[str, Any]
    suppressed: tuple[str, ...]
    affected: tuple[str, ...]
    decisions: tuple[dict[str, Any], ...]


def explain(
    connection: psycopg.Connection, entry_id: EntryId, patient: NhsNumber | None = None
) -> Explained:
    """Return the explanation of an entry; raise UsageError when not exactly one patient has it.

    `patient`: whose entry it is. SAFETY: what is known of two patients is never shown together.
    """
    numbers = [n for (n,) in connection.execute(SQL["find_entry"], {"entry_id": entry_id})]
    if patient is not None:
        numbers = [number for number in numbers if number == stored(patient)]
    if not numbers:
        raise UsageError("no decision about that entry id; `recordgate holds` lists ids")
    if len(numbers) > 1:
        raise UsageError("ENTRY_ID: known of more than one patient; name yours with --of-patient")
    return _explained(connection, numbers[0], entry_id)


def _explained(connection: psycopg.Connection, number: int, entry_id: EntryId) -> Explained:
    key = {"nhs_number": number, "entry_id": entry_id}
    row = connection.execute(SQL["source"], key).fetchone()
    version, partition, offset, published_at = row or (None,) * 4
    row = connection.execute(SQL["known_of"], key).fetchone()
    position, due_at, facts, statements, suppressed, affected = row or (-1, None, {}, {}, [], [])
    with connection.cursor(row_factory=dict_row) as cursor:
        decisions = tuple(cursor.execute(SQL["history"], key))
    return Explained(
        entry_id,
        version,
        partition,
        offset,
        published_at,
        position,
        due_at,
        facts,
        statements or {},
        tuple(suppressed),
        tuple(affected),
        decisions,
    )
