"""What a rehearsal reads of the ledger, patient by patient in one snapshot, and rehearsals as they are kept."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import psycopg
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.decider.record import (
    AcceptedEntry,
    CurrentDecision,
    EntryAudience,
)
from recordgate_streams.ledger.decisions import DecisionStore
from recordgate_streams.ledger.records import FACTS, RecordStore
from recordgate_streams.ledger.rows import number_of
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import EntryStatements

SQL = Statements("recordgate_streams.ledger", "rehearsals.sql")

Page = dict[NhsNumber, Facts]


@dataclass(frozen=True, slots=True)
class StoredRehearsal:
    """A rehearsal as stored: its digest, the ruleset's document, and what was found."""

    rehearsal_id: str
    document: Mapping[str, Any]
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenRehearsal:
    """A rehearsal against the ruleset in force, and who approved it; signatures are verified at activation."""

    rehearsal_id: str
    report: Mapping[str, Any]
    approvers: list[str]


@dataclass(frozen=True, slots=True)
class StoredPatient:
    """Everything stored about one patient. `bodies`: only when they were asked for."""

    facts: Facts
    entries: Mapping[EntryId, AcceptedEntry]
    statements: Mapping[EntryId, EntryStatements]
    in_force: Mapping[EntryAudience, CurrentDecision]
    bodies: Mapping[EntryId, bytes] = field(default_factory=dict, repr=False)


class RehearsalStore:
    """Reads for rehearsals, and the rehearsals that are kept, over one connection."""

    def __init__(self, db: psycopg.Connection, page_patients: int) -> None:
        self._db = db
        self._page_patients = page_patients

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read only, and see nothing that others write meanwhile, until the block ends."""
        with self._db.transaction():
            self._db.execute("set transaction isolation level repeatable read, read only")
            yield

    def pages(self) -> Iterator[Page]:
        """Yield all patients' facts, page by page."""
        after = -1
        while rows := self._rows("page_patients", after=after, limit=self._page_patients):
            yield _page(rows)
            after = rows[-1][0]

    def sampled_pages(self, seed: str, patients: int) -> Iterator[Page]:
        """Yield the facts of so many patients, the same ones for the same seed, page by page."""
        numbers = [number for (number,) in self._rows("choose_patients", seed=seed, n=patients)]
        for start in range(0, len(numbers), self._page_patients):
            chosen = numbers[start : start + self._page_patients]
            yield _page(self._rows("read_patients", nhs_numbers=chosen))

    def patients(self, page: Page, *, with_bodies: bool) -> Iterator[StoredPatient]:
        """Yield what is stored about the patients of a page."""
        records = RecordStore(self._db)
        keys = records.all_entries(page)
        in_force = DecisionStore(self._db).in_force(keys)
        statements = records.statements_of(page)
        entries: dict[NhsNumber, dict[EntryId, AcceptedEntry]] = {number: {} for number in page}
        for (number, entry_id), accepted in sorted(
            records.entries(keys).items(), key=itemgetter(0)
        ):
            entries[number][entry_id] = accepted
        bodies: dict[NhsNumber, dict[EntryId, bytes]] = {number: {} for number in page}
        for (number, entry_id), body in (records.bodies(keys) if with_bodies else {}).items():
            bodies[number][entry_id] = body
        for number, facts in page.items():
            yield StoredPatient(
                facts,
                entries[number],
                statements[number],
                in_force.get(number, {}),
                bodies[number],
            )

    def count_patients(self) -> int:
        """Return how many patients the ledger knows."""
        with self._db.cursor(row_factory=scalar_row) as cursor:
            [patients] = cursor.execute(SQL["count_patients"]).fetchall()
        return int(patients)

    def positions(self) -> dict[str, int]:
        """Return how far each topic was read: the next offset by topic/partition."""
        return dict(self._rows("positions"))

    def put(
        self,
        rehearsal_id: str,
        document: Mapping[str, Any],
        report: Mapping[str, Any],
        at: datetime,
    ) -> None:
        """Keep a rehearsal; the same one again changes nothing."""
        values = {"document": Jsonb(dict(document)), "report": Jsonb(dict(report)), "at": at}
        self._db.execute(SQL["put_rehearsal"], {"rehearsal_id": rehearsal_id, **values})

    def find(self, prefix: str) -> list[StoredRehearsal]:
        """Return the rehearsals whose digest begins so, at most two, as stored."""
        return rows_as(StoredRehearsal, self._db, SQL["find_rehearsals"], {"prefix": prefix})

    def open(self) -> list[OpenRehearsal]:
        """Return the rehearsals against the ruleset in force."""
        return rows_as(OpenRehearsal, self._db, SQL["open_rehearsals"])

    def _rows(self, statement: str, **values: Any) -> list[Any]:
        return self._db.execute(SQL[statement], values).fetchall()


def _page(rows: Iterable[tuple[int, Any]]) -> Page:
    return {number_of(number): FACTS.load(facts) for number, facts in rows}
