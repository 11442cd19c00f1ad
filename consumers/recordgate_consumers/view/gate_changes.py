"""What a batch of controls does to the gate, added up so that it can be written in a few statements."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from recordgate_consumers.view.gate_rules import (
    PATIENT,
    WHOLE_PATIENT,
    Closure,
    Fences,
    closure,
    fences,
)
from recordgate_consumers.view.instants import broker_time
from recordgate_runtime.kafka import Record
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.errors import InvalidValue, PoisonError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import NhsNumber

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class GateChange:
    """What one control record does. `poison`: it could not be understood, so it closes the whole patient."""

    nhs_number: str = field(repr=False)
    position: int
    fences: Fences
    closure: Closure | None = None
    poison: bool = False


def read_change(record: Record) -> GateChange | None:
    """Return what a record does to the gate; None when not even its key names a patient."""
    patient = _patient(record.key)
    if patient is None:
        return None
    try:
        control = _control(record.value, patient)
        raised = fences(control.change)
        said = closure(control.change, control.effective_at, broker_time(record))
    except PoisonError:
        # SAFETY: it may have been a hide. Closed until an operator says what it meant.
        return GateChange(patient.digits, record.offset, WHOLE_PATIENT, poison=True)
    return GateChange(patient.digits, record.offset, raised, said)


def _control(value: bytes | None, patient: NhsNumber) -> Control:
    control: Control = codec.decode(CONTROLS, value)
    if control.nhs_number != patient:
        # Its position is one of the key's partition and says nothing about the other patient.
        raise PoisonError("nhs_number: differs from the record's key")
    return control


def _patient(key: bytes | None) -> NhsNumber | None:
    try:
        return NhsNumber.parse((key or b"").decode("ascii"))
    except (UnicodeDecodeError, InvalidValue):
        return None


@dataclass(slots=True)
class Batch:
    """Fences and closures of a batch of changes, the highest fence per key. A closure's row is raised to -1."""

    audiences: dict[Key, int] = field(default_factory=dict)
    entries: dict[Key, int] = field(default_factory=dict)
    closures: list[tuple[str, Closure]] = field(default_factory=list)

    def add(self, change: GateChange, seen: AbstractSet[Key]) -> None:
        """Add a change; `seen` are the grants known before this batch."""
        patient, position = change.nhs_number, change.position
        for entry_id in change.fences.entries:
            _raise(self.entries, (patient, entry_id), position)
        for audience in change.fences.audiences:
            _raise(self.audiences, (patient, audience), position)
        if (grant := change.fences.grant) is not None:
            key = (patient, grant)
            if key in seen or key in self.audiences:
                _raise(self.audiences, (patient, PATIENT), position)
        if change.closure is not None:
            _raise(self.audiences, (patient, change.closure.audience), -1)
            self.closures.append((patient, change.closure))


def _raise(known: dict[Key, int], key: Key, position: int) -> None:
    known[key] = max(position, known.get(key, -1))
