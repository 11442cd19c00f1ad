"""Reads and writes what the cascade needs: links, suppressed entries, what they affect, and references."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements, columns
from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.decider.cascade import CascadeState, SuppressedEntry
from recordgate_streams.decider.record import EntryAudience, EntryKey
from recordgate_streams.decider.relative import Relative, relative_of
from recordgate_streams.ledger.records import keys_of, numbers_of
from recordgate_streams.ledger.rows import number_of, stored

SQL = Statements("recordgate_streams.ledger", "cascade.sql")
CascadeStates = Mapping[Audience, CascadeState]


class CascadeStore:
    """The ledger's tables about relatives, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection

    def states(self, numbers: Collection[NhsNumber]) -> dict[NhsNumber, CascadeStates]:
        """Return the cascade by patient and audience, as the last decisions left it."""
        suppressed: dict[Any, dict[EntryId, SuppressedEntry]] = defaultdict(dict)
        affected: dict[Any, dict[EntryId, tuple[str, ...]]] = defaultdict(dict)
        wanted = numbers_of(numbers)
        for n, a, e, reason, outcome, related in self._db.execute(SQL["load_suppressed"], wanted):
            why = SuppressedEntry(
                Reason(reason), Outcome(outcome), frozenset(map(EntryId, related))
            )
            suppressed[n, a][EntryId(e)] = why
        for n, a, e, objections in self._db.execute(SQL["load_affected"], wanted):
            affected[n, a][EntryId(e)] = tuple(objections)
        found: dict[NhsNumber, dict[Audience, CascadeState]] = {number: {} for number in numbers}
        for n, a in suppressed.keys() | affected.keys():
            state = CascadeState(suppressed.get((n, a), {}), affected.get((n, a), {}))
            found[number_of(n)][Audience(a)] = state
        return dict(found)

    def relatives(self, number: NhsNumber) -> list[Relative]:
        """Return how every entry of a patient is related."""
        rows = self._db.execute(SQL["load_relatives"], numbers_of([number]), binary=True)
        return [
            relative_of(codec.decode(ENTRIES, envelope), conflict=conflict)
            for envelope, conflict in rows
        ]

    def unfinished(self, numbers: Collection[NhsNumber]) -> dict[NhsNumber, set[EntryId]]:
        """Return the entries whose readiness may say something about others."""
        found: dict[NhsNumber, set[EntryId]] = defaultdict(set)
        for number, entry_id in self._db.execute(SQL["load_unfinished"], numbers_of(numbers)):
            found[number_of(number)].add(EntryId(entry_id))
        return found

    def put_states(self, changed: Mapping[NhsNumber, CascadeStates]) -> None:
        """Store the cascade in place of what was known of these patients."""
        self._db.execute(SQL["forget_suppressed"], numbers_of(changed))
        self._db.execute(SQL["forget_affected"], numbers_of(changed))
        suppressed = [
            (stored(n), audience, entry_id, why.reason, why.outcome, Jsonb(sorted(why.related)))
            for n, states in changed.items()
            for audience, state in states.items()
            for entry_id, why in state.suppressed.items()
        ]
        affected = [
            (stored(n), audience, entry_id, Jsonb(objections))
            for n, states in changed.items()
            for audience, state in states.items()
            for entry_id, objections in state.affected.items()
        ]
        names = ("nhs_numbers", "audiences", "entry_ids", "reasons", "outcomes", "related")
        self._put("put_suppressed", names, suppressed)
        self._put("put_affected", ("nhs_numbers", "audiences", "entry_ids", "objections"), affected)

    def put_references(
        self, entries: Sequence[ClinicalEntry], replaced: Collection[EntryKey]
    ) -> None:
        """Store whom accepted versions refer to. `replaced`: those of which a former version is stored."""
        if replaced:
            self._db.execute(SQL["forget_references"], keys_of(sorted(replaced)))
        rows = [
            (stored(entry.nhs_number), element.entry_id, entry.entry_id)
            for entry in entries
            for element in entry.elements
            if element.entry_id is not None
        ]
        self._put("put_references", ("nhs_numbers", "targets", "entry_ids"), rows)

    def referring_to(self, keys: Sequence[EntryKey]) -> set[EntryKey]:
        """Return the entries that refer to any of those named."""
        rows = self._db.execute(SQL["referring_to"], keys_of(keys))
        return {(number_of(number), EntryId(entry_id)) for number, entry_id in rows}

    def undecided(
        self, audiences: Sequence[tuple[NhsNumber, Audience]], most: int
    ) -> set[EntryKey]:
        """Return entries of these patients that were never decided for the audience beside them, so many at most."""
        wanted = {
            "nhs_numbers": [stored(number) for number, _ in audiences],
            "audiences": [audience for _, audience in audiences],
        }
        rows = self._db.execute(SQL["undecided"], wanted | {"most": most})
        return {(number_of(number), EntryId(entry_id)) for number, entry_id in rows}

    def released(self, keys: Sequence[EntryKey]) -> dict[NhsNumber, set[EntryAudience]]:
        """Return which of the entries named are shown, and to whom."""
        found: dict[NhsNumber, set[EntryAudience]] = defaultdict(set)
        for number, entry_id, audience in self._db.execute(SQL["load_released"], keys_of(keys)):
            found[number_of(number)].add((EntryId(entry_id), Audience(audience)))
        return found

    def _put(self, name: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        if values := columns(names, rows):
            self._db.execute(SQL[name], values)
