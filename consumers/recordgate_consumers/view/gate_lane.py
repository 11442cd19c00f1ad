"""The gate lane: every control closes what it concerns in the view, before anything is decided.

It reads `controls` directly and knows no policy, so neither a backlog nor a fault of the decider delays a hide.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import psycopg

from recordgate_consumers.view.gate_records import (
    GateChange,
    closings,
    patient_named_in,
    read_changes,
)
from recordgate_consumers.view.gate_rules import PATIENT, GateClosure
from recordgate_runtime.clock import Clock
from recordgate_runtime.metrics import HIDE_TO_UNREADABLE, BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas import codec
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.topics import CONTROLS

_SQL = Statements("recordgate_consumers.view", "gate_lane.sql")

Key = tuple[str, str]
"""An NHS number, and an audience or entry id."""

_COORDINATES = ("topics", "partitions", "offsets")


Place = tuple[str, Coordinates, bytes | None]
"""Whom a control concerns, where the original lies, and the digest of what it says."""


@dataclass(slots=True)
class GateBatch:
    """The changes of a batch, added up so that a few statements write them: the highest fence per key.

    An audience with a closure and no fence gets a row with fence -1, which closes nothing by itself.
    """

    audience_fences: dict[Key, int] = field(default_factory=dict)
    entry_fences: dict[Key, int] = field(default_factory=dict)
    closures: list[tuple[str, GateClosure]] = field(default_factory=list)
    misrouted: list[Place] = field(default_factory=list)
    replayed: list[Place] = field(default_factory=list)

    def add(self, change: GateChange, known_grants: AbstractSet[Key]) -> None:
        """Add a change; `known_grants` are the grants the gate had heard of before this batch."""
        patient, position = change.nhs_number, change.position
        for entry_id in change.fences.entries:
            _raise_fence(self.entry_fences, (patient, entry_id), position)
        for audience in change.fences.audiences:
            _raise_fence(self.audience_fences, (patient, audience), position)
        if (grant := change.fences.grant) is not None:
            key = (patient, grant)
            if key in known_grants or key in self.audience_fences:
                _raise_fence(self.audience_fences, (patient, PATIENT), position)
        if change.closure is not None:
            _raise_fence(self.audience_fences, (patient, change.closure.audience), -1)
            self.closures.append((patient, change.closure))
        if change.misrouted is not None:
            _raise_fence(self.audience_fences, (patient, PATIENT), -1)
            self.misrouted.append((patient, change.misrouted, change.digest))
        if change.replay_of is not None:
            _raise_fence(self.audience_fences, (patient, PATIENT), -1)
            self.replayed.append((patient, change.replay_of, change.digest))


class GateLane:
    """Applies controls to `audience_gate` and `entry_gate` (a sink's Handler)."""

    stage = BatchStage.GATE_LANE

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records' fences and closures, set-based, in one lock order."""
        changes = [change for record in records for change in read_changes(record)]
        known_grants = _known_grants(connection, changes)
        batch = GateBatch()
        for change in changes:
            batch.add(change, known_grants)
        _write(connection, batch)

    def set_aside(self, connection: psycopg.Connection, record: Record) -> None:
        """Close whom it may be about. SAFETY: it may have been a hide."""
        batch = GateBatch()
        for change in closings(record, patient_named_in(record)):
            batch.add(change, frozenset())
        _write(connection, batch)

    def measure(self, records: Sequence[Record]) -> None:
        """Measure how long each control took to close the gate."""
        now = self._clock.now()
        for record in records:
            if codec.is_tick(CONTROLS, record.value):
                continue
            HIDE_TO_UNREADABLE.observe(max(0.0, (now - record.published_at).total_seconds()))


def _raise_fence(fences: dict[Key, int], key: Key, position: int) -> None:
    fences[key] = max(position, fences.get(key, -1))


def _known_grants(connection: psycopg.Connection, changes: Sequence[GateChange]) -> set[Key]:
    asked = sorted({(c.nhs_number, c.fences.grant) for c in changes if c.fences.grant is not None})
    if not asked:
        return set()
    parameters = columns(("nhs_numbers", "audiences"), asked)
    return {(n, a) for n, a in connection.execute(_SQL["known_grants"], parameters)}


def _write(connection: psycopg.Connection, batch: GateBatch) -> None:
    audiences = [(*key, fence) for key, fence in sorted(batch.audience_fences.items())]
    if parameters := columns(("nhs_numbers", "audiences", "fences"), audiences):
        connection.execute(_SQL["raise_audience_fences"], parameters)
    closures = [
        (n, c.audience, c.cause, c.practice, c.effective_at, c.closed, c.expires_at)
        for n, c in batch.closures
    ]
    names = "nhs_numbers audiences causes practices effective_ats closed expires_ats"
    if parameters := columns(names.split(), closures):
        connection.execute(_SQL["put_closures"], parameters)
    for name, found in (("put_replayed", batch.replayed), ("put_misrouted", batch.misrouted)):
        known = dict.fromkeys((n, c.topic, c.partition, c.offset, digest) for n, c, digest in found)
        places = sorted(known, key=lambda place: place[:4])
        if parameters := columns(("nhs_numbers", *_COORDINATES, "digests"), places):
            connection.execute(_SQL[name], parameters)
    touched = {(n, c.audience) for n, c in batch.closures}
    touched |= {(n, PATIENT) for n, *_ in (*batch.replayed, *batch.misrouted)}
    if parameters := columns(("nhs_numbers", "audiences"), sorted(touched)):
        connection.execute(_SQL["settle_closures"], parameters)
    entries = [(*key, fence) for key, fence in sorted(batch.entry_fences.items())]
    if parameters := columns(("nhs_numbers", "entry_ids", "fences"), entries):
        connection.execute(_SQL["raise_entry_fences"], parameters)
