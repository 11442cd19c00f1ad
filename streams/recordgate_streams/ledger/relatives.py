"""Reads and writes what closure over relatives needs: links, roots, what they reach, and who refers to whom."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements
from recordgate_schemas.entry import ClinicalEntry, Relation
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.decider.cascade import Relative, Root
from recordgate_streams.ledger.rows import EntryKey

SQL = Statements("recordgate_streams.ledger", "relatives.sql")


@dataclass(slots=True)
class Concealed:
    """What is known of one patient: roots by audience, and what they reach, as sorted texts `REASON OUTCOME`."""

    roots: dict[Audience, dict[EntryId, Root]] = field(default_factory=dict)
    reached: dict[Audience, dict[EntryId, tuple[str, ...]]] = field(default_factory=dict)

    def same_as(self, other: "Concealed") -> bool:
        """True when both say the same; an audience with nothing counts as none."""
        return _filled(self.roots) == _filled(other.roots) and _filled(self.reached) == _filled(
            other.reached
        )


class RelativesStore:
    """The ledger's tables about relatives over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection

    def concealed(self, numbers: Collection[NhsNumber]) -> dict[NhsNumber, Concealed]:
        """Return roots and what they reached; patients without any are missing."""
        found: dict[NhsNumber, Concealed] = defaultdict(Concealed)
        for n, a, e, reason, outcome, related in self._db.execute(SQL["load_roots"], _of(numbers)):
            root = Root(Reason(reason), Outcome(outcome), frozenset(map(EntryId, related)))
            found[NhsNumber(n)].roots.setdefault(Audience(a), {})[EntryId(e)] = root
        for n, a, e, objections in self._db.execute(SQL["load_reached"], _of(numbers)):
            reached = found[NhsNumber(n)].reached.setdefault(Audience(a), {})
            reached[EntryId(e)] = tuple(objections)
        return dict(found)

    def relatives(self, number: NhsNumber) -> list[Relative]:
        """Return what closure needs of all entries of a patient."""
        rows = self._db.execute(SQL["load_relatives"], _of([number]))
        return [
            Relative(
                EntryId(entry_id),
                tuple((Relation(relation), EntryId(target)) for relation, target in links),
                has_text,
                conflict,
            )
            for _, entry_id, links, has_text, conflict in rows
        ]

    def put_concealed(self, changed: Mapping[NhsNumber, Concealed]) -> None:
        """Store roots and what they reach in place of what was known of these patients."""
        numbers = sorted(changed)
        roots = [
            (n.digits, audience, entry_id, root)
            for n in numbers
            for audience, by_entry in changed[n].roots.items()
            for entry_id, root in by_entry.items()
        ]
        reached = [
            (n.digits, audience, entry_id, list(objections))
            for n in numbers
            for audience, by_entry in changed[n].reached.items()
            for entry_id, objections in by_entry.items()
        ]
        self._db.execute(SQL["forget_roots"], _of(numbers))
        self._db.execute(SQL["forget_reached"], _of(numbers))
        if roots:
            self._db.execute(
                SQL["put_roots"],
                {
                    "nhs_numbers": [row[0] for row in roots],
                    "audiences": [row[1] for row in roots],
                    "entry_ids": [row[2] for row in roots],
                    "reasons": [row[3].reason for row in roots],
                    "outcomes": [row[3].outcome for row in roots],
                    "related": [Jsonb(sorted(row[3].related)) for row in roots],
                },
            )
        if reached:
            self._db.execute(
                SQL["put_reached"],
                {
                    "nhs_numbers": [row[0] for row in reached],
                    "audiences": [row[1] for row in reached],
                    "entry_ids": [row[2] for row in reached],
                    "objections": [Jsonb(row[3]) for row in reached],
                },
            )

    def put_pointers(self, entries: Sequence[ClinicalEntry]) -> None:
        """Store whom accepted versions refer to, in place of what their former versions did."""
        rows = [
            (entry.nhs_number.digits, element.entry_id, entry.entry_id)
            for entry in entries
            for element in entry.elements
            if element.entry_id is not None
        ]
        keys = [(entry.nhs_number, entry.entry_id) for entry in entries]
        self._db.execute(SQL["forget_pointers"], _named(keys))
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            names = ("nhs_numbers", "targets", "entry_ids")
            self._db.execute(SQL["put_pointers"], dict(zip(names, columns, strict=True)))

    def pointing_at(self, keys: Sequence[EntryKey]) -> set[EntryKey]:
        """Return the entries that refer to any of those named."""
        return _keys(self._db.execute(SQL["pointing_at"], _named(keys)))

    def entries_of(self, numbers: Collection[NhsNumber]) -> set[EntryKey]:
        """Return all entries of the patients."""
        return _keys(self._db.execute(SQL["entries_of"], _of(numbers)))

    def undecided(self, audiences: Sequence[tuple[NhsNumber, Audience]]) -> set[EntryKey]:
        """Return the entries of these patients that were never decided for the audience beside them."""
        wanted = {
            "nhs_numbers": [number.digits for number, _ in audiences],
            "audiences": [audience for _, audience in audiences],
        }
        return _keys(self._db.execute(SQL["undecided"], wanted))

    def shown(self, keys: Sequence[EntryKey]) -> set[tuple[NhsNumber, EntryId, Audience]]:
        """Return which of the entries named are shown, and to whom."""
        rows = self._db.execute(SQL["load_shown"], _named(keys))
        return {(NhsNumber(n), EntryId(e), Audience(a)) for n, e, a in rows}


def _filled(by_audience: Mapping[Audience, object]) -> dict[Audience, object]:
    return {audience: found for audience, found in by_audience.items() if found}


def _keys(rows: Iterable[tuple[str, str]]) -> set[EntryKey]:
    return {(NhsNumber(number), EntryId(entry_id)) for number, entry_id in rows}


def _of(numbers: Collection[NhsNumber]) -> dict[str, list[str]]:
    return {"nhs_numbers": [number.digits for number in sorted(numbers)]}


def _named(keys: Sequence[EntryKey]) -> dict[str, list[str]]:
    return {"nhs_numbers": [n.digits for n, _ in keys], "entry_ids": [e for _, e in keys]}
