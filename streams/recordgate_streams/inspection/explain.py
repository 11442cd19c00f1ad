"""Explains an entry from the ledger: every decision with its reasons, the facts they rest on, and its source."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import EntryId
from recordgate_streams.ledger.store import SQL


@dataclass(frozen=True, slots=True)
class Explained:
    """One patient's entry: source coordinates, what is known of patient and entry, and its decisions, newest last.

    `roots`, `reached`: audiences for which it is concealed by itself, or reached by a concealed relative, and how.
    """

    entry_id: EntryId
    version: int | None
    topic: str
    partition: int | None
    offset: int | None
    published_at: datetime | None
    control_position: int
    due_at: datetime | None
    facts: dict[str, Any]
    marks: dict[str, Any]
    roots: tuple[str, ...]
    reached: tuple[str, ...]
    decisions: tuple[dict[str, Any], ...]


def explain(connection: psycopg.Connection, entry_id: EntryId) -> list[Explained]:
    """Return one explanation per patient who has an entry of that id; raise UsageError when nobody has."""
    numbers = [n for (n,) in connection.execute(SQL["find_entry"], {"entry_id": entry_id})]
    if not numbers:
        raise UsageError("no decision about that entry id; `recordgate holds` lists ids")
    return [_explained(connection, number, entry_id) for number in numbers]


def _explained(connection: psycopg.Connection, number: str, entry_id: EntryId) -> Explained:
    key = {"nhs_number": number, "entry_id": entry_id}
    source = connection.execute(SQL["source"], key).fetchone() or (None,) * 4
    version, partition, offset, published_at = source
    row = connection.execute(SQL["known_of"], key).fetchone()
    position, due_at, facts, marks, roots, reached = row or (-1, None, {}, {}, [], [])
    names = (
        "audience",
        "version",
        "outcome",
        "headline",
        "reasons",
        "ruleset",
        "decided_under",
        "decided_at",
    )
    rows = connection.execute(SQL["history"], key)
    decisions = tuple(dict(zip(names, row, strict=True)) for row in rows)
    return Explained(
        entry_id,
        version,
        "entries",
        partition,
        offset,
        published_at,
        position,
        due_at,
        facts,
        marks or {},
        tuple(roots),
        tuple(reached),
        decisions,
    )
