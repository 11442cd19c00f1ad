"""Records of `controls` as events of their patients: read, refused, or unreadable."""

from collections.abc import Iterable, Mapping, Sequence

from recordgate_runtime.record import Record
from recordgate_schemas.control import Control
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import NhsNumber
from recordgate_streams.decider.record import ControlEvent
from recordgate_streams.lanes.decode import patient_of
from recordgate_streams.lanes.refusal import Refusal
from recordgate_streams.ledger.unit_of_work import UnitOfWork

Arrived = tuple[Record, NhsNumber, ControlEvent]


def unreadable(records: Iterable[Record]) -> list[Arrived]:
    """Return what holds the patients of records that could not be read, as far as their keys name one."""
    return [arrived(one, number, None) for one in records if (number := patient_of(one))]


def received(
    work: UnitOfWork, controls: Sequence[tuple[Record, Control]], refused: Mapping[Record, Refusal]
) -> list[Arrived]:
    """Account for controls that were read; those that were refused are set aside."""
    for record, _ in controls:
        if record in refused:
            work.quarantine(CONTROLS, record, refused[record].error)
        else:
            work.count(CONTROLS, record.partition, "control")
    return [arrived(r, c.nhs_number, c, counts=r not in refused) for r, c in controls]


def arrived(
    record: Record, number: NhsNumber, control: Control | None, *, counts: bool = True
) -> Arrived:
    """Return a record as an event of its patient."""
    return record, number, ControlEvent(record.published_at, record.offset, control, counts)
