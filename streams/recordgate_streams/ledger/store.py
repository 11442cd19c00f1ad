"""Reads and writes of the ledger, set-based: one statement per kind of row and batch.

Called inside a transaction that holds the batch's positions and patients (see recordgate_streams.lanes.transaction).
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
from recordgate_schemas.reasons import Reason
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.decider.cascade import has_text
from recordgate_streams.decider.tasks import Task
from recordgate_streams.ledger.rows import (
    CurrentDecision,
    EntryKey,
    Patient,
    Quarantine,
    Redecision,
    StoredEntry,
    Subject,
)
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import Marks

SQL = Statements("recordgate_streams.ledger", "queries.sql")
_FACTS = mapper(Facts, "json")
_MARKS = mapper(Marks, "json")


class Store:
    """The ledger's tables over one connection. Every method is one or two statements."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def lock_patients(self, partitions: Mapping[NhsNumber, int]) -> dict[NhsNumber, Patient]:
        """Lock and return the patients, in one order for everybody; unknown ones begin with no facts."""
        numbers = sorted(partitions)
        digits = [number.digits for number in numbers]
        self.connection.execute(
            SQL["add_patients"],
            {"nhs_numbers": digits, "partitions": [partitions[number] for number in numbers]},
        )
        rows = self.connection.execute(SQL["lock_patients"], {"nhs_numbers": digits})
        return {p.nhs_number: p for p in map(_patient, rows)}

    def put_facts(self, patients: Iterable[Patient]) -> None:
        """Store facts and control positions."""
        rows = list(patients)
        self.connection.execute(
            SQL["put_facts"],
            {
                "nhs_numbers": [p.nhs_number.digits for p in rows],
                "facts": [_json(_FACTS.dump, p.facts) for p in rows],
                "positions": [p.control_position for p in rows],
            },
        )

    def put_due(self, due: Mapping[NhsNumber, datetime | None]) -> None:
        """Store when time alone will next change something about patients."""
        numbers = sorted(due)
        values = {"nhs_numbers": [n.digits for n in numbers], "due": [due[n] for n in numbers]}
        self.connection.execute(SQL["put_due"], values)

    def claim_due(
        self, partitions: Sequence[int], now: datetime, limit: int
    ) -> list[tuple[NhsNumber, int, int]]:
        """Return patients, partitions and control positions for whom the time has come; they are not due any more."""
        wanted = {"partitions": list(partitions), "now": now, "limit": limit}
        rows = self.connection.execute(SQL["claim_due"], wanted)
        return [(NhsNumber(number), partition, position) for number, partition, position in rows]

    def load_entries(self, keys: Sequence[EntryKey]) -> dict[EntryKey, StoredEntry]:
        """Return the stored entries among those named, without their bodies."""
        rows = self.connection.execute(SQL["load_entries"], _named(keys))
        return {entry_key(stored.entry): stored for stored in map(_stored, rows)}

    def page_entries(self, numbers: Sequence[NhsNumber], limit: int) -> list[StoredEntry]:
        """Return the next entries to decide again, in order of patient and entry id, without bodies."""
        digits = [number.digits for number in numbers]
        rows = self.connection.execute(SQL["page_entries"], {"nhs_numbers": digits, "limit": limit})
        return [_stored(row) for row in rows]

    def gone(self, entries: Sequence[ClinicalEntry]) -> set[int]:
        """Return the places of arriving entries that a snapshot taken since their extraction does not list."""
        rows = self.connection.execute(
            SQL["gone_at_source"],
            _named([entry_key(e) for e in entries])
            | {
                "practices": [e.practice for e in entries],
                "systems": [e.system for e in entries],
                "extracted": [e.extracted_at for e in entries],
            },
        )
        return {place - 1 for (place,) in rows}

    def marks_of(self, numbers: Collection[NhsNumber]) -> dict[NhsNumber, dict[EntryId, Marks]]:
        """Return what controls said of any entry of the patients, arrived or not."""
        found: dict[NhsNumber, dict[EntryId, Marks]] = {}
        digits = [number.digits for number in sorted(numbers)]
        for n, e, marks in self.connection.execute(
            SQL["load_patient_marks"], {"nhs_numbers": digits}
        ):
            found.setdefault(NhsNumber(n), {})[EntryId(e)] = _MARKS.load(marks)
        return found

    def load_marks(self, keys: Sequence[EntryKey]) -> dict[EntryKey, Marks]:
        """Return what controls said of the entries named; unmarked ones are missing."""
        rows = self.connection.execute(SQL["load_marks"], _named(keys))
        return {(NhsNumber(n), EntryId(e)): _MARKS.load(marks) for n, e, marks in rows}

    def put_marks(self, marks: Mapping[EntryKey, Marks]) -> None:
        """Store what controls said of entries."""
        keys = sorted(marks)
        dumped = [_json(_MARKS.dump, marks[key]) for key in keys]
        self.connection.execute(SQL["put_marks"], _named(keys) | {"marks": dumped})

    def put_snapshot(self, number: NhsNumber, snapshot: RecordSnapshot, taken_at: datetime) -> None:
        """Store a system's listing of a patient's entries, unless a newer one is known."""
        self.connection.execute(
            SQL["put_snapshot"],
            {
                "nhs_number": number.digits,
                "practice": snapshot.practice,
                "system": snapshot.system,
                "taken_at": taken_at,
                "entry_ids": list(snapshot.entry_ids),
            },
        )

    def subjects(self, entries: Sequence[StoredEntry]) -> list[Subject]:
        """Return entries together with the decisions in force."""
        keys = [entry_key(stored.entry) for stored in entries]
        decisions: dict[EntryKey, dict[Audience, CurrentDecision]] = {}
        for number, entry_id, *rest in self.connection.execute(SQL["load_decisions"], _named(keys)):
            key = (NhsNumber(number), EntryId(entry_id))
            current = CurrentDecision(key[1], Audience(rest[0]), *rest[1:])
            decisions.setdefault(key, {})[current.audience] = current
        return [
            Subject(stored, decisions.get(key, {}))
            for key, stored in zip(keys, entries, strict=True)
        ]

    def load_bodies(self, keys: Sequence[EntryKey]) -> dict[EntryKey, bytes]:
        """Return the bodies of the entries named."""
        rows = self.connection.execute(SQL["load_bodies"], _named(keys))
        return {(NhsNumber(n), EntryId(e)): bytes(body) for n, e, body in rows}

    def put_entries(self, entries: Sequence[StoredEntry]) -> None:
        """Store accepted versions in place of what was there."""
        es = [stored.entry for stored in entries]
        self.connection.execute(
            SQL["put_entries"],
            _named([entry_key(e) for e in es])
            | {
                "versions": [e.version for e in es],
                "hashes": [e.body_sha256 for e in es],
                "practices": [e.practice for e in es],
                "systems": [e.system for e in es],
                "extracted": [e.extracted_at for e in es],
                "envelopes": [codec.encode(ENTRIES, replace(e, body=b"")) for e in es],
                "bodies": [e.body for e in es],
                "conflicts": [s.conflict for s in entries],
                "mismatches": [s.body_mismatch for s in entries],
                "partitions": [s.partition for s in entries],
                "offsets": [s.offset for s in entries],
                "published": [s.published_at for s in entries],
                "links": [Jsonb(_links(e)) for e in es],
                "has_text": [has_text(e) for e in es],
            },
        )

    def load_tasks(self, numbers: Collection[NhsNumber]) -> list[tuple[NhsNumber, Task]]:
        """Return the open tasks of the patients."""
        digits = [number.digits for number in sorted(numbers)]
        rows = self.connection.execute(SQL["load_tasks"], {"nhs_numbers": digits})
        return [
            (NhsNumber(n), Task(Reason(r), Audience(a), EntryId(e) if e else None))
            for n, r, a, e in rows
        ]

    def put_task(self, number: NhsNumber, task: Task) -> None:
        """Open a task."""
        self.connection.execute(SQL["put_task"], _task(number, task))

    def end_task(self, number: NhsNumber, task: Task) -> None:
        """Close a task."""
        self.connection.execute(SQL["end_task"], _task(number, task))

    def put_quarantine(self, rows: Iterable[Quarantine], at: datetime) -> None:
        """Keep records that could not be understood."""
        for row in rows:
            self.connection.execute(
                SQL["put_quarantine"],
                {
                    "topic": row.topic,
                    "partition": row.partition,
                    "offset": row.offset,
                    "error": row.error,
                    "raw": row.raw,
                    "at": at,
                },
            )

    def ask_redecisions(self, asked: Sequence[Redecision]) -> None:
        """Ask for patients to be decided again."""
        rows = [
            {
                "nhs_number": one.nhs_number.digits,
                "partition": one.partition,
                "through": one.through,
                "entry_ids": None if one.entry_ids is None else list(one.entry_ids),
                "forced": list(one.forced),
                "published_at": one.published_at,
            }
            for one in asked
        ]
        self.connection.cursor().executemany(SQL["ask_redecision"], rows)

    def next_redecisions(self, partitions: Sequence[int], patients: int) -> list[NhsNumber]:
        """Return the patients whose turn it is to be decided again."""
        rows = self.connection.execute(
            SQL["next_redecisions"], {"partitions": list(partitions), "patients": patients}
        )
        return [NhsNumber(number) for (number,) in rows]

    def read_redecisions(self, numbers: Sequence[NhsNumber]) -> list[Redecision]:
        """Return what is asked for the patients just locked."""
        digits = [number.digits for number in numbers]
        rows = self.connection.execute(SQL["read_redecisions"], {"nhs_numbers": digits})
        return [
            Redecision(
                NhsNumber(n), p, through, None if ids is None else tuple(ids), tuple(forced), at
            )
            for n, p, through, ids, forced, at in rows
        ]

    def turn_page(self, number: NhsNumber, after: EntryId) -> None:
        """Remember how far a patient's page went."""
        self.connection.execute(SQL["turn_page"], {"nhs_number": number.digits, "after": after})

    def end_redecisions(self, numbers: Sequence[NhsNumber]) -> None:
        """These patients are done."""
        self.connection.execute(
            SQL["end_redecisions"], {"nhs_numbers": [n.digits for n in numbers]}
        )


def entry_key(entry: ClinicalEntry) -> EntryKey:
    """Return what identifies an entry in the ledger."""
    return entry.nhs_number, entry.entry_id


def _task(number: NhsNumber, task: Task) -> dict[str, str]:
    return {
        "nhs_number": number.digits,
        "reason": task.reason,
        "audience": task.audience,
        "entry_id": task.entry_id or "",
    }


def _links(entry: ClinicalEntry) -> list[tuple[str, str]]:
    return [(link.relation, link.entry_id) for link in entry.links]


def _named(keys: Sequence[EntryKey]) -> dict[str, Any]:
    return {"nhs_numbers": [n.digits for n, _ in keys], "entry_ids": [e for _, e in keys]}


def _json(dump: Any, value: object) -> Jsonb:
    return Jsonb(dump(value), dumps=json.dumps)


def _patient(row: Any) -> Patient:
    number, partition, facts, position, due_at = row
    return Patient(NhsNumber(number), partition, _FACTS.load(facts), position, due_at)


def _stored(row: Any) -> StoredEntry:
    _, envelope, body_sha256, conflict, mismatch, partition, offset, published_at, gone = row
    entry = replace(codec.decode(ENTRIES, bytes(envelope)), body_sha256=bytes(body_sha256))
    return StoredEntry(entry, conflict, mismatch, partition, offset, published_at, gone)
