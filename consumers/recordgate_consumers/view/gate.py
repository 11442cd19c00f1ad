"""The gate lane: every control closes what it concerns in the view, before anything is decided.

It reads `controls` directly and knows no policy, so neither a backlog nor a fault of the decider delays a hide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import psycopg

from recordgate_consumers.view.gate_changes import Batch, GateChange, Key, read_change
from recordgate_consumers.view.instants import broker_time
from recordgate_runtime.clock import Clock
from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import HIDE_TO_UNREADABLE, POISON, Stage
from recordgate_runtime.sql import Statements
from recordgate_schemas.topics import CONTROLS

_SQL = Statements("recordgate_consumers.view", "gate.sql")


class GateLane:
    """Applies controls to `audience_gate` and `entry_gate` (a sink's Handler)."""

    stage = Stage.GATE_LANE

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records' fences and closures, set-based, in one lock order."""
        changes = [change for change in map(_read, records) if change is not None]
        batch = Batch()
        seen = _known_grants(connection, changes)
        for change in changes:
            batch.add(change, seen)
        _write(connection, batch)

    def applied(self, records: Sequence[Record]) -> None:
        """Measure how long each control took to close the gate."""
        now = self._clock.now()
        for record in records:
            HIDE_TO_UNREADABLE.observe(_seconds(broker_time(record), now))


def _read(record: Record) -> GateChange | None:
    change = read_change(record)
    if change is None or change.poison:
        POISON.labels(CONTROLS.name).inc()
        log(
            LogCode.QUARANTINED,
            topic=CONTROLS.name,
            partition=record.partition,
            offset=record.offset,
        )
    return change


def _known_grants(connection: psycopg.Connection, changes: Sequence[GateChange]) -> set[Key]:
    asked = sorted({(c.nhs_number, c.fences.grant) for c in changes if c.fences.grant is not None})
    if not asked:
        return set()
    parameters = _columns(("nhs_numbers", "audiences"), asked)
    return {(n, a) for n, a in connection.execute(_SQL["known_grants"], parameters)}


def _write(connection: psycopg.Connection, batch: Batch) -> None:
    if batch.audiences:
        rows = [(*key, fence) for key, fence in sorted(batch.audiences.items())]
        parameters = _columns(("nhs_numbers", "audiences", "fences"), rows)
        connection.execute(_SQL["raise_audience_fences"], parameters)
    if batch.closures:
        _write_closures(connection, batch)
    if batch.entries:
        rows = [(*key, fence) for key, fence in sorted(batch.entries.items())]
        parameters = _columns(("nhs_numbers", "entry_ids", "fences"), rows)
        connection.execute(_SQL["raise_entry_fences"], parameters)


def _write_closures(connection: psycopg.Connection, batch: Batch) -> None:
    said = [
        (n, c.audience, c.cause, c.practice, c.effective_at, c.closed, c.expires_at)
        for n, c in batch.closures
    ]
    names = "nhs_numbers audiences causes practices effective_ats closed expires_ats"
    connection.execute(_SQL["put_closures"], _columns(names.split(), said))
    touched = sorted({(n, c.audience) for n, c in batch.closures})
    connection.execute(_SQL["settle_closures"], _columns(("nhs_numbers", "audiences"), touched))


def _columns(
    names: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> Mapping[str, list[object]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _seconds(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
