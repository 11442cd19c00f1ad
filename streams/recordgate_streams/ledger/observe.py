"""Questions to the ledger from outside the decider: what is still to do, and what is in force. Nothing is changed."""

from dataclasses import dataclass

import psycopg

from recordgate_runtime.sql import Statements
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.ledger.rows import stored

_SQL = Statements("recordgate_streams.ledger", "observe.sql")


@dataclass(frozen=True, slots=True)
class DecisionInForce:
    """A decision in force: its outcome, and the headline reason if there is one."""

    entry_id: EntryId
    outcome: str
    headline: str | None


def pending_redecisions(db: psycopg.Connection) -> int:
    """Return how many requests to decide a patient again are open."""
    row = db.execute(_SQL["pending_redecisions"]).fetchone()
    return int(row[0]) if row else 0


def next_sequence_numbers(db: psycopg.Connection) -> list[tuple[str, int, int]]:
    """Return topic, partition and next sequence number of everything the ledger publishes."""
    return db.execute(_SQL["next_sequence_numbers"]).fetchall()


def decisions_in_force(
    db: psycopg.Connection, number: NhsNumber, audience: Audience
) -> list[DecisionInForce]:
    """Return the decisions in force for one audience of a patient, in order of entry id."""
    values = {"nhs_number": stored(number), "audience": audience}
    rows = db.execute(_SQL["decisions_in_force"], values)
    return [DecisionInForce(EntryId(e), outcome, headline) for e, outcome, headline in rows]


def outcomes_by_audience(db: psycopg.Connection) -> list[tuple[str, str, str, int]]:
    """Return kind of audience, outcome, headline reason and number of entries, over all patients."""
    return db.execute(_SQL["outcomes_by_audience"]).fetchall()
