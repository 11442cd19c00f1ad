"""The gate lane: every control closes what it concerns in the view, before anything is decided.

It reads `controls` directly and knows no policy, so neither a backlog nor a fault of the decider delays a hide.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import psycopg

from recordgate_consumers.batches import report_poison
from recordgate_consumers.view.gate_rules import (
    PATIENT,
    PATIENT_FENCE,
    GateClosure,
    GateFences,
    closure_of,
    fences_of,
)
from recordgate_runtime.clock import Clock
from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode
from recordgate_runtime.metrics import HIDE_TO_UNREADABLE, BatchStage
from recordgate_runtime.sql import Statements, columns
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.errors import InvalidValue, PoisonError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import NhsNumber

_SQL = Statements("recordgate_consumers.view", "gate_lane.sql")

Key = tuple[str, str]
"""An NHS number, and an audience or entry id."""


@dataclass(frozen=True, slots=True)
class GateChange:
    """What the control at `position` does to one patient's gate."""

    nhs_number: str = field(repr=False)
    position: int
    fences: GateFences
    closure: GateClosure | None = None


@dataclass(slots=True)
class GateBatch:
    """The changes of a batch, added up so that a few statements write them: the highest fence per key.

    An audience with a closure and no fence gets a row with fence -1, which closes nothing by itself.
    """

    audience_fences: dict[Key, int] = field(default_factory=dict)
    entry_fences: dict[Key, int] = field(default_factory=dict)
    closures: list[tuple[str, GateClosure]] = field(default_factory=list)

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


class GateLane:
    """Applies controls to `audience_gate` and `entry_gate` (a sink's Handler)."""

    stage = BatchStage.GATE_LANE

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def apply(self, connection: psycopg.Connection, records: Sequence[Record]) -> None:
        """Apply the records' fences and closures, set-based, in one lock order."""
        changes = [change for r in records if (change := read_change(r)) is not None]
        known_grants = _known_grants(connection, changes)
        batch = GateBatch()
        for change in changes:
            batch.add(change, known_grants)
        _write(connection, batch)

    def measure(self, records: Sequence[Record]) -> None:
        """Measure how long each control took to close the gate."""
        now = self._clock.now()
        for record in records:
            if codec.is_tick(CONTROLS, record.value):
                continue
            HIDE_TO_UNREADABLE.observe(max(0.0, (now - record.published_at).total_seconds()))


def read_change(record: Record) -> GateChange | None:
    """Return what a record does to the gate: nothing if a tick; None, reported, when no key names a patient."""
    if codec.is_tick(CONTROLS, record.value):
        return None
    try:
        patient = NhsNumber.parse((record.key or b"").decode("ascii"))
    except (UnicodeDecodeError, InvalidValue):
        report_poison(CONTROLS, record, LogCode.QUARANTINED)
        return None
    try:
        control = _decode_control(record.value, patient)
        fences = fences_of(control.change)
        closure = closure_of(control.change, control.effective_at, record.published_at)
    except PoisonError:
        # SAFETY: it may have been a hide. The patient is closed until an operator has repaired what it was meant to do.
        report_poison(CONTROLS, record, LogCode.QUARANTINED)
        return GateChange(patient.digits, record.offset, PATIENT_FENCE)
    return GateChange(patient.digits, record.offset, fences, closure)


def _decode_control(value: bytes | None, patient: NhsNumber) -> Control:
    control: Control = codec.decode(CONTROLS, value)
    if control.nhs_number != patient:
        # Its position belongs to the key's partition and cannot fence the patient named in the value.
        raise PoisonError("nhs_number: differs from the record's key")
    return control


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
        touched = sorted({(n, c.audience) for n, c in batch.closures})
        connection.execute(_SQL["settle_closures"], columns(("nhs_numbers", "audiences"), touched))
    entries = [(*key, fence) for key, fence in sorted(batch.entry_fences.items())]
    if parameters := columns(("nhs_numbers", "entry_ids", "fences"), entries):
        connection.execute(_SQL["raise_entry_fences"], parameters)
