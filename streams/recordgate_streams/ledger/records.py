"""Reads and writes what is known: patients, entries, statements about entries, snapshots. One or two statements each.

Called inside a transaction that holds the batch's positions and patients (ledger/unit_of_work.py).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.control import RecordSnapshot
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.decider.record import AcceptedEntry, EntryKey, Source
from recordgate_streams.ledger.rows import Patient, number_of, stored
from recordgate_streams.policy.decision import Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import EntryStatements

SQL = Statements("recordgate_streams.ledger", "queries.sql")
Snapshots = Mapping[tuple[NhsNumber, str, str], datetime]
"""When a system last listed all entries of a patient, by patient, practice and system."""

FACTS = mapper(Facts, "json")
_NOTHING = FACTS.dump(Facts()) if FACTS.dump else {}
_STATEMENTS = mapper(EntryStatements, "json")


class RecordStore:
    """What is known of patients and their entries, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection

    def lock_patients(self, partitions: Mapping[NhsNumber, int]) -> dict[NhsNumber, Patient]:
        """Lock and return the patients, in one order for everybody. New ones begin with no facts."""
        numbers = sorted(partitions)
        new = numbers_of(numbers) | {"partitions": [partitions[number] for number in numbers]}
        self._db.execute(SQL["add_patients"], new)
        rows = self._db.execute(SQL["lock_patients"], numbers_of(numbers))
        return {patient.nhs_number: patient for patient in map(_patient, rows)}

    def put_facts(self, patients: Iterable[Patient]) -> None:
        """Store facts and control positions."""
        rows = list(patients)
        facts = [Jsonb(_stated(patient.facts)) for patient in rows]
        positions = [patient.control_position for patient in rows]
        numbers = [stored(patient.nhs_number) for patient in rows]
        values = {"nhs_numbers": numbers, "facts": facts, "positions": positions}
        self._db.execute(SQL["put_facts"], values)

    def put_due(self, due: Mapping[NhsNumber, datetime | None]) -> None:
        """Store when time alone may next change something about patients."""
        numbers = sorted(due)
        self._db.execute(SQL["put_due"], numbers_of(numbers) | {"due": [due[n] for n in numbers]})

    def claim_due(
        self, partitions: Sequence[int], now: datetime, limit: int
    ) -> list[tuple[NhsNumber, int, int]]:
        """Return patients whose time has come, with partition and control position; they are not due any more."""
        wanted = {"partitions": list(partitions), "now": now, "limit": limit}
        rows = self._db.execute(SQL["claim_due"], wanted)
        return [(number_of(number), partition, position) for number, partition, position in rows]

    def entries(self, keys: Collection[EntryKey]) -> dict[EntryKey, AcceptedEntry]:
        """Return the stored entries among those named, without their bodies."""
        if not keys:
            return {}
        rows = self._db.execute(SQL["load_entries"], keys_of(keys), binary=True)
        found = self.as_listed([accepted_entry(row) for row in rows])
        return {accepted.key: accepted for accepted in found}

    def as_listed(self, entries: Sequence[AcceptedEntry]) -> list[AcceptedEntry]:
        """Return the entries, marked as gone at source where a snapshot taken since their extraction lacks them."""
        taken = self._snapshots({accepted.entry.nhs_number for accepted in entries})
        asked = [
            (index, accepted.entry)
            for index, accepted in enumerate(entries)
            if taken and _is_covered(taken, accepted.entry)
        ]
        gone = self._gone([entry for _, entry in asked])
        missing = {index for place, (index, _) in enumerate(asked) if place in gone}
        return [
            replace(one, integrity=replace(one.integrity, gone_at_source=True))
            if index in missing
            else one
            for index, one in enumerate(entries)
        ]

    def _snapshots(self, numbers: Collection[NhsNumber]) -> Snapshots:
        rows = self._db.execute(SQL["snapshots"], numbers_of(numbers)) if numbers else ()
        return {(number_of(n), practice, system): at for n, practice, system, at in rows}

    def _gone(self, entries: Sequence[ClinicalEntry]) -> set[int]:
        """Return the indices of the entries that their system's snapshot does not list."""
        if not entries:
            return set()
        wanted = keys_of([(entry.nhs_number, entry.entry_id) for entry in entries]) | {
            "practices": [entry.practice for entry in entries],
            "systems": [entry.system for entry in entries],
        }
        return {place - 1 for (place,) in self._db.execute(SQL["gone_at_source"], wanted)}

    def all_entries(self, numbers: Collection[NhsNumber], most: int | None = None) -> set[EntryKey]:
        """Return the keys of all entries of the patients, of each so many at most."""
        return _keys(self._db.execute(SQL["entries_of"], numbers_of(numbers) | {"most": most}))

    def size_of(self, keys: Sequence[EntryKey]) -> int:
        """Return how many bytes the entries have."""
        row = self._db.execute(SQL["size_of"], keys_of(keys)).fetchone()
        return int(row[0]) if row else 0

    def bodies(self, keys: Collection[EntryKey]) -> dict[EntryKey, bytes]:
        """Return the bodies of the entries named."""
        rows = self._db.execute(SQL["load_bodies"], keys_of(keys))
        return {(number_of(n), EntryId(e)): bytes(body) for n, e, body in rows}

    def statements_of(
        self, numbers: Collection[NhsNumber]
    ) -> dict[NhsNumber, dict[EntryId, EntryStatements]]:
        """Return what controls stated about any entry of the patients, arrived or not."""
        found: dict[NhsNumber, dict[EntryId, EntryStatements]] = {n: {} for n in numbers}
        for n, e, stated in self._db.execute(SQL["statements_of_patients"], numbers_of(numbers)):
            found[number_of(n)][EntryId(e)] = _STATEMENTS.load(stated)
        return found

    def statements(self, keys: Collection[EntryKey]) -> dict[EntryKey, EntryStatements]:
        """Return what controls stated about the entries named; entries without a statement are missing."""
        rows = self._db.execute(SQL["load_statements"], keys_of(sorted(keys)))
        return {(number_of(n), EntryId(e)): _STATEMENTS.load(stated) for n, e, stated in rows}

    def put_statements(self, statements: Mapping[EntryKey, EntryStatements]) -> None:
        """Store what controls stated about entries."""
        keys = sorted(statements)
        dumped = [_json(_STATEMENTS.dump, statements[key]) for key in keys]
        self._db.execute(SQL["put_statements"], keys_of(keys) | {"marks": dumped})

    def put_snapshot(self, number: NhsNumber, snapshot: RecordSnapshot, taken_at: datetime) -> None:
        """Store a system's listing of a patient's entries, unless a newer one is known."""
        values = {
            "nhs_number": stored(number),
            "practice": snapshot.practice,
            "system": snapshot.system,
            "taken_at": taken_at,
            "entry_ids": list(snapshot.entry_ids),
        }
        self._db.execute(SQL["put_snapshot"], values)


def numbers_of(numbers: Collection[NhsNumber]) -> dict[str, Any]:
    """Return the parameter that names patients."""
    return {"nhs_numbers": sorted(map(stored, numbers))}


def keys_of(keys: Collection[EntryKey]) -> dict[str, Any]:
    """Return the parameters that name entries."""
    return {"nhs_numbers": [stored(n) for n, _ in keys], "entry_ids": [e for _, e in keys]}


def accepted_entry(row: Sequence[Any]) -> AcceptedEntry:
    """Return the entry of a row that the statements load_entries and page_entries give."""
    envelope, conflict, mismatch, partition, offset, published_at = row
    source = Source(partition, offset, published_at)
    return AcceptedEntry(codec.decode(ENTRIES, envelope), Integrity(conflict, mismatch), source)


def _is_covered(taken: Snapshots, entry: ClinicalEntry) -> bool:
    """Whether a snapshot was taken since an entry was extracted."""
    at = taken.get((entry.nhs_number, entry.practice, entry.system))
    return at is not None and at >= entry.extracted_at


def _keys(rows: Iterable[tuple[int, str]]) -> set[EntryKey]:
    return {(number_of(number), EntryId(entry_id)) for number, entry_id in rows}


def _stated(facts: Facts) -> dict[str, Any]:
    """Return facts as they are stored: what was never stated is left out."""
    dumped = FACTS.dump(facts) if FACTS.dump else {}
    return {name: value for name, value in dumped.items() if value != _NOTHING[name]}


def _json(dump: Any, value: object) -> Jsonb:
    return Jsonb(dump(value), dumps=json.dumps)


def _patient(row: Sequence[Any]) -> Patient:
    number, partition, facts, position, due_at = row
    return Patient(number_of(number), partition, FACTS.load(facts), position, due_at)
