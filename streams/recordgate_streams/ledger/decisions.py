"""Reads and writes decisions: those in force, the history of all, and the tasks that follow from them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, Audience, EntryId, NhsNumber
from recordgate_streams.decider.record import (
    CurrentDecision,
    DecisionUpdate,
    EntryAudience,
    EntryKey,
)
from recordgate_streams.decider.tasks import Task
from recordgate_streams.ledger.records import SQL, keys_of, numbers_of
from recordgate_streams.ledger.rules import InForce

InForceByPatient = dict[NhsNumber, dict[EntryAudience, CurrentDecision]]
_HISTORY_TYPES = "text text text int8 bytea text text jsonb text int8 timestamptz".split()  # noqa: SIM905
"""Of the columns of copy_decisions; binary COPY does not convert."""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision to store, with the control position that it takes into account."""

    update: DecisionUpdate
    decided_under: int


class DecisionStore:
    """Decisions and tasks, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection
        self._counted: Counter[tuple[int, str, str]] = Counter()

    def in_force(self, keys: Collection[EntryKey]) -> InForceByPatient:
        """Return the decisions in force about the entries named, by patient."""
        found: InForceByPatient = {number: {} for number, _ in keys}
        rows = self._db.execute(SQL["load_decisions"], keys_of(sorted(keys)))
        for number, entry_id, audience, version, outcome, *rest in rows:
            current = CurrentDecision(version, Outcome(outcome), *rest)
            found[NhsNumber(number)][EntryId(entry_id), Audience(audience)] = current
        return found

    def put(self, rows: Sequence[DecisionRow], rules: InForce, at: datetime) -> None:
        """Store new decisions as those in force and add them to the history."""
        if not rows:
            return
        updates = [row.update for row in rows]
        values = _places(updates) | {
            "partitions": [one.accepted.source.partition for one in updates],
            "versions": [one.accepted.entry.version for one in updates],
            "outcomes": [one.decision.outcome.value for one in updates],
            "headlines": [_headline(one) for one in updates],
            "digests": [one.digest for one in updates],
            "under": [row.decided_under for row in rows],
            "released_under": [one.released_under for one in updates],
            "ruleset": rules.ruleset.hash,
            "generation": rules.generation,
        }
        self._db.execute(SQL["put_decisions"], values)
        self._count(updates)
        with self._db.cursor().copy(SQL["copy_decisions"]) as copy:
            copy.set_types(_HISTORY_TYPES)
            for row in rows:
                copy.write_row(_history_row(row, at))

    def _count(self, updates: Iterable[DecisionUpdate]) -> None:
        for one in updates:
            if one.decision.audience == SELF:
                partition, before = one.accepted.source.partition, one.previous
                self._counted[partition, one.decision.outcome.value, _headline(one) or "-"] += 1
                if before is not None:
                    self._counted[partition, before.outcome.value, before.headline or "-"] -= 1

    def put_counts(self) -> None:
        """Add what `put` changed to the counts of outcomes: late, as other lanes' transactions wait for the rows."""
        keys = sorted(key for key, change in self._counted.items() if change)
        if keys:
            partitions, outcomes, reasons = map(list, zip(*keys, strict=True))
            values = {"partitions": partitions, "outcomes": outcomes, "reasons": reasons}
            changes = [self._counted[key] for key in keys]
            self._db.execute(SQL["count_outcomes"], values | {"changes": changes})
        self._counted.clear()

    def stamp(self, updates: Iterable[DecisionUpdate], rules: InForce) -> None:
        """Store the ruleset in force with those decisions that came out the same as under the former one."""
        ruleset = rules.ruleset.hash
        same = [
            u for u in updates if not u.changed and u.previous and u.previous.ruleset != ruleset
        ]
        if same:
            values = {"ruleset": rules.ruleset.hash, "generation": rules.generation}
            self._db.execute(SQL["stamp_decisions"], _places(same) | values)

    def tasks(self, numbers: Collection[NhsNumber]) -> dict[NhsNumber, set[Task]]:
        """Return the open tasks by patient."""
        found: dict[NhsNumber, set[Task]] = {number: set() for number in numbers}
        for n, reason, audience, entry_id in self._db.execute(
            SQL["load_tasks"], numbers_of(numbers)
        ):
            task = Task(Reason(reason), Audience(audience), EntryId(entry_id) if entry_id else None)
            found[NhsNumber(n)].add(task)
        return found

    def put_tasks(self, opened: Mapping[NhsNumber, Iterable[Task]]) -> None:
        """Open tasks."""
        self._db.cursor().executemany(SQL["put_task"], _task_rows(opened))

    def end_tasks(self, closed: Mapping[NhsNumber, Iterable[Task]]) -> None:
        """Close tasks."""
        self._db.cursor().executemany(SQL["end_task"], _task_rows(closed))


def _places(updates: Sequence[DecisionUpdate]) -> dict[str, Any]:
    keys = keys_of([one.accepted.key for one in updates])
    return keys | {"audiences": [one.decision.audience for one in updates]}


def _headline(update: DecisionUpdate) -> str | None:
    headline = update.decision.headline
    return headline.value if headline else None


def _history_row(row: DecisionRow, at: datetime) -> tuple[object, ...]:
    entry, decision = row.update.accepted.entry, row.update.decision
    reasons = [
        {"reason": o.reason.value, "outcome": o.outcome.value, "because": dict(o.because)}
        for o in decision.objections
    ]
    return (
        entry.nhs_number.digits,
        entry.entry_id,
        decision.audience,
        entry.version,
        entry.body_sha256,
        decision.outcome.value,
        _headline(row.update),
        Jsonb(reasons),
        decision.ruleset,
        row.decided_under,
        at,
    )


def _task_rows(tasks: Mapping[NhsNumber, Iterable[Task]]) -> list[dict[str, str]]:
    return [
        {
            "nhs_number": number.digits,
            "reason": task.reason,
            "audience": task.audience,
            "entry_id": task.entry_id or "",
        }
        for number, some in tasks.items()
        for task in some
    ]
