"""Reads and writes decisions: those in force, the history of all, and the tasks that follow from them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_schemas.errors import FatalError
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, Audience, EntryId, NhsNumber
from recordgate_streams.decider.record import (
    CurrentDecision,
    DecisionUpdate,
    EntryAudience,
    EntryKey,
)
from recordgate_streams.decider.tasks import Task
from recordgate_streams.decider.unfinished import may_defer_relatives
from recordgate_streams.ledger.records import SQL, keys_of, numbers_of
from recordgate_streams.ledger.rows import NewVersion, number_of, stored
from recordgate_streams.ledger.rules import InForce

InForceByPatient = dict[NhsNumber, dict[EntryAudience, CurrentDecision]]
_ENTRY_TYPES = (
    *("int8", "int8", "int8", "timestamptz", "timestamptz", "int8", "int4", "int4", "int4"),
    *("bool", "bool", "bool", "text", "text", "bytea", "bytea", "bytea", "text", "jsonb", "text"),
)
"""Of the columns of copy_entries; binary COPY does not convert."""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision to store, with the control position that it takes into account."""

    update: DecisionUpdate
    decided_under: int

    @property
    def key(self) -> EntryKey:
        """The entry that it is about."""
        return self.update.accepted.key


class DecisionStore:
    """Decisions and tasks, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection
        self._counted: Counter[tuple[int, str, str]] = Counter()
        self._last: dict[int, datetime] = {}

    def in_force(self, keys: Collection[EntryKey]) -> InForceByPatient:
        """Return the decisions in force about the entries named, by patient."""
        found: InForceByPatient = {number: {} for number, _ in keys}
        rows = self._db.execute(SQL["load_decisions"], keys_of(keys)) if keys else ()
        for number, entry_id, audience, version, outcome, *rest in rows:
            current = CurrentDecision(version, Outcome(outcome), *rest)
            found[number_of(number)][EntryId(entry_id), Audience(audience)] = current
        return found

    def put(
        self,
        rows: Sequence[DecisionRow],
        versions: Mapping[EntryKey, NewVersion],
        rules: InForce,
        at: datetime,
    ) -> None:
        """Store new decisions as those in force, and accepted versions together with the decisions about them.

        What a decision replaces is added to the history by the database, with the version that it was about: so
        decisions come before versions. Every entry that was not known has a decision for its patient.
        """
        own = [row for row in rows if row.update.decision.audience == SELF]
        new = [row for row in own if _is_new(versions, row.key)]
        if len(new) != sum(not one.replaces for one in versions.values()):
            raise FatalError("an entry came without a decision; see docs/architecture.md")
        self._copy_entries(new, versions, rules, at)
        self._put_own([row for row in own if not _is_new(versions, row.key)], rules, at)
        self._put_of_proxies(
            [row for row in rows if row.update.decision.audience != SELF], rules, at
        )
        self._replace_entries([one for one in versions.values() if one.replaces])
        self._count([row.update for row in own])
        self._last |= {row.update.accepted.source.partition: at for row in rows}

    def _copy_entries(
        self,
        rows: Sequence[DecisionRow],
        versions: Mapping[EntryKey, NewVersion],
        rules: InForce,
        at: datetime,
    ) -> None:
        if not rows:
            return
        with self._db.cursor().copy(SQL["copy_entries"]) as copy:
            copy.set_types(_ENTRY_TYPES)
            for row in rows:
                copy.write_row(_entry_row(row, versions[row.key], rules.generation, at))

    def _put_own(self, rows: Sequence[DecisionRow], rules: InForce, at: datetime) -> None:
        if rows:
            made = {"generation": rules.generation, "at": at}
            self._db.execute(SQL["put_decisions"], _decided(rows) | made)

    def _put_of_proxies(self, rows: Sequence[DecisionRow], rules: InForce, at: datetime) -> None:
        if rows:
            values = _decided(rows) | {
                "audiences": [row.update.decision.audience for row in rows],
                "versions": [row.update.accepted.entry.version for row in rows],
                "generation": rules.generation,
                "at": at,
            }
            self._db.execute(SQL["put_proxy_decisions"], values)

    def _replace_entries(self, versions: Sequence[NewVersion]) -> None:
        if not versions:
            return
        accepted = [one.accepted for one in versions]
        values = keys_of([one.key for one in accepted]) | {
            "versions": [one.entry.version for one in accepted],
            "offsets": [one.source.offset for one in accepted],
            "published": [one.source.published_at for one in accepted],
            "conflicts": [one.integrity.conflict for one in accepted],
            "mismatches": [one.integrity.body_mismatch for one in accepted],
            "may_defer": [may_defer_relatives(one.entry) for one in accepted],
            "envelopes": [one.envelope for one in versions],
            "bodies": [one.entry.body for one in accepted],
        }
        self._db.execute(SQL["replace_entries"], values)

    def _count(self, updates: Iterable[DecisionUpdate]) -> None:
        for one in updates:
            partition, before = one.accepted.source.partition, one.previous
            self._counted[partition, one.decision.outcome.value, _headline(one) or "-"] += 1
            if before is not None:
                self._counted[partition, before.outcome.value, before.headline or "-"] -= 1

    def put_counts(self) -> None:
        """Add what `put` changed to the counts of outcomes, and when: late, as other lanes wait for these rows."""
        keys = sorted(key for key, change in self._counted.items() if change)
        if keys:
            partitions, outcomes, reasons = map(list, zip(*keys, strict=True))
            values = {"partitions": partitions, "outcomes": outcomes, "reasons": reasons}
            changes = [self._counted[key] for key in keys]
            self._db.execute(SQL["count_outcomes"], values | {"changes": changes})
        if self._last:
            last = {"partitions": sorted(self._last), "at": max(self._last.values())}
            self._db.execute(SQL["put_last_decision"], last)
        self._counted.clear()
        self._last.clear()

    def stamp(self, updates: Iterable[DecisionUpdate], rules: InForce) -> None:
        """Store the ruleset in force with those decisions that came out the same as under the former one."""
        ruleset = rules.ruleset.hash
        same = [
            u for u in updates if not u.changed and u.previous and u.previous.ruleset != ruleset
        ]
        own, of_proxies = _by_audience(same)
        generation = {"generation": rules.generation}
        if own:
            self._db.execute(SQL["stamp_decisions"], _places(own) | generation)
        if of_proxies:
            self._db.execute(SQL["stamp_proxy_decisions"], _places(of_proxies) | generation)

    def tasks(self, numbers: Collection[NhsNumber]) -> dict[NhsNumber, set[Task]]:
        """Return the open tasks by patient."""
        found: dict[NhsNumber, set[Task]] = {number: set() for number in numbers}
        for n, reason, audience, entry_id in self._db.execute(
            SQL["load_tasks"], numbers_of(numbers)
        ):
            task = Task(Reason(reason), Audience(audience), EntryId(entry_id) if entry_id else None)
            found[number_of(n)].add(task)
        return found

    def put_tasks(self, opened: Mapping[NhsNumber, Iterable[Task]]) -> None:
        """Open tasks."""
        self._db.cursor().executemany(SQL["put_task"], _task_rows(opened))

    def end_tasks(self, closed: Mapping[NhsNumber, Iterable[Task]]) -> None:
        """Close tasks."""
        self._db.cursor().executemany(SQL["end_task"], _task_rows(closed))


def _is_new(versions: Mapping[EntryKey, NewVersion], key: EntryKey) -> bool:
    return key in versions and not versions[key].replaces


def _by_audience(
    updates: Iterable[DecisionUpdate],
) -> tuple[list[DecisionUpdate], list[DecisionUpdate]]:
    """Return the decisions for patients, and those for proxies."""
    own, of_proxies = list[DecisionUpdate](), list[DecisionUpdate]()
    for one in updates:
        (own if one.decision.audience == SELF else of_proxies).append(one)
    return own, of_proxies


def _places(updates: Sequence[DecisionUpdate]) -> dict[str, Any]:
    keys = keys_of([one.accepted.key for one in updates])
    return keys | {"audiences": [one.decision.audience for one in updates]}


def _decided(rows: Sequence[DecisionRow]) -> dict[str, Any]:
    updates = [row.update for row in rows]
    return keys_of([row.key for row in rows]) | {
        "outcomes": [one.decision.outcome.value for one in updates],
        "headlines": [_headline(one) for one in updates],
        "reasons": [_reasons(one) for one in updates],
        "digests": [one.digest for one in updates],
        "under": [row.decided_under for row in rows],
        "released_under": [one.released_under for one in updates],
    }


def _headline(update: DecisionUpdate) -> str | None:
    headline = update.decision.headline
    return headline.value if headline else None


def _reasons(update: DecisionUpdate) -> Jsonb | None:
    """Return the objections as the tables have them; None when there are none."""
    objections = update.decision.objections
    if not objections:
        return None
    return Jsonb(
        [
            {"reason": o.reason.value, "outcome": o.outcome.value, "because": dict(o.because)}
            for o in objections
        ]
    )


def _entry_row(
    row: DecisionRow, version: NewVersion, generation: int, at: datetime
) -> tuple[object, ...]:
    """Return an entry with its decision, in the order of the columns of copy_entries."""
    update, accepted = row.update, version.accepted
    entry, source = accepted.entry, accepted.source
    return (
        stored(entry.nhs_number),
        entry.version,
        source.offset,
        source.published_at,
        at,
        row.decided_under,
        source.partition,
        generation,
        generation,
        accepted.integrity.conflict,
        accepted.integrity.body_mismatch,
        may_defer_relatives(entry),
        entry.entry_id,
        update.decision.outcome.value,
        update.digest,
        version.envelope,
        entry.body,
        _headline(update),
        _reasons(update),
        update.released_under,
    )


def _task_rows(tasks: Mapping[NhsNumber, Iterable[Task]]) -> list[dict[str, Any]]:
    return [
        {
            "nhs_number": stored(number),
            "reason": task.reason,
            "audience": task.audience,
            "entry_id": task.entry_id or "",
        }
        for number, some in tasks.items()
        for task in some
    ]
