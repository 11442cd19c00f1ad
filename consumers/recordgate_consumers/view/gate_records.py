"""From a record of `controls` to what it does to the gate, wherever the record lies and whatever state it is in.

SAFETY: an offset is a position of its patient in the patient's own partition only. A control anywhere else closes the
patients it may be about by its coordinates, until its copy is read where it belongs.
"""

import hashlib
from dataclasses import dataclass, field, replace

from recordgate_consumers.batches import report_poison
from recordgate_consumers.view.gate_rules import (
    NO_FENCES,
    PATIENT_FENCE,
    GateClosure,
    GateFences,
    closure_of,
    fences_of,
)
from recordgate_runtime.logs import LogCode
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.authority import must_be_signed
from recordgate_schemas.control import Control
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import InvalidValue, PoisonError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import NhsNumber


@dataclass(frozen=True, slots=True)
class GateChange:
    """What the control at `position` does to one patient's gate.

    `misrouted`: it closes the patient by these coordinates, and its position means nothing. `replay_of`: it lifts what
    the control at these coordinates has closed or will close, if that says the same. `digest`: SHA-256 of what it says,
    None if it cannot be read.
    """

    nhs_number: str = field(repr=False)
    position: int
    fences: GateFences
    closure: GateClosure | None = None
    misrouted: Coordinates | None = None
    replay_of: Coordinates | None = None
    digest: bytes | None = field(default=None, repr=False)


def read_changes(record: Record) -> list[GateChange]:
    """Return what a record does: nothing if it is a tick, or, reported, if neither key nor value names a patient."""
    if codec.is_tick(CONTROLS, record.value):
        return []
    try:
        control: Control = codec.decode(CONTROLS, record.value)
        fences = fences_of(control.change)
        closure = _closure(control, record)
    except PoisonError:
        report_poison(CONTROLS, record, LogCode.QUARANTINED)
        return closings(record, None)
    if not record.is_about(control.nhs_number):
        report_poison(CONTROLS, record, LogCode.MISROUTED)
        return closings(record, control.nhs_number)
    number = control.nhs_number.digits
    original, digest = _original(record), _digest(record)
    return [GateChange(number, record.offset, fences, closure, None, original, digest)]


def closings(record: Record, named: NhsNumber | None) -> list[GateChange]:
    """Close whom the key and the value name. SAFETY: it may have been a hide, of either."""
    concerned = {one for one in (NhsNumber.of_key(record.key), named) if one is not None}
    where = Coordinates(CONTROLS.name, record.partition, record.offset)
    digest = None if named is None else _digest(record)
    return [
        GateChange(one.digits, record.offset, PATIENT_FENCE)
        if record.is_about(one)
        else GateChange(one.digits, -1, NO_FENCES, misrouted=where, digest=digest)
        for one in sorted(concerned)
    ]


def _closure(control: Control, record: Record) -> GateClosure | None:
    """Return the lasting closure of a control.

    Nobody here can verify a signature, and what the decider refuses must not close for good. So a grant that must be
    signed has no end in the gate: what is released under it ends with it by itself. Unsigned it does nothing.
    """
    closure = closure_of(control.change, control.effective_at, record.published_at)
    if closure is None or not must_be_signed(control.change):
        return closure
    return replace(closure, expires_at=None) if control.signature else None


def patient_named_in(record: Record) -> NhsNumber | None:
    """Return the patient that the value of a record names; None when it cannot be read."""
    try:
        control: Control = codec.decode(CONTROLS, record.value)
    except PoisonError:
        return None
    return control.nhs_number


def _digest(record: Record) -> bytes:
    return hashlib.sha256(record.value or b"").digest()


def _original(record: Record) -> Coordinates | None:
    """Return the coordinates that a replayed control names; None, reported, when they are none."""
    if record.replay_of is None:
        return None
    try:
        original = Coordinates.parse(record.replay_of.decode("ascii"))
    except (UnicodeDecodeError, InvalidValue):
        report_poison(CONTROLS, record, LogCode.QUARANTINED)
        return None
    return original if original.topic == CONTROLS.name else None
