"""Takes in what controls say of single entries: hides with the relatives they take along, reviews, snapshots."""

from collections.abc import Sequence
from datetime import UTC, datetime

from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.control import (
    Control,
    EntryHidden,
    EntryShown,
    RecordSnapshot,
    Reviewed,
)
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.history import is_outdated
from recordgate_streams.ledger.rows import EntryKey
from recordgate_streams.ledger.store import Store
from recordgate_streams.policy.statements import Marks, mark
from recordgate_streams.ruleset import Ruleset

Said = Sequence[tuple[Record, Control]]


def effective(record: Record, control: Control) -> datetime:
    """Return when a control counts from: never later than the broker received it."""
    received = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    return min(control.effective_at, received)


def take_marks(store: Store, controls: Said, ruleset: Ruleset) -> list[tuple[EntryId, ...]]:
    """Store what the controls say of entries; return, for each control, the entries it concerns.

    None named means that the control concerns all entries of its patient.
    """
    named = {(c.nhs_number, entry_id) for _, c in controls if (entry_id := _named(c))}
    marks = store.load_marks(sorted(named))
    for record, control in controls:
        _take(marks, record, control, ruleset)
        if isinstance(control.change, RecordSnapshot):
            at = effective(record, control)
            store.put_snapshot(control.nhs_number, control.change, at)
    store.put_marks(marks)
    return [_concerned(marks, control) for _, control in controls]


def _take(marks: dict[EntryKey, Marks], record: Record, control: Control, ruleset: Ruleset) -> None:
    change = control.change
    if not isinstance(change, EntryHidden | EntryShown | Reviewed):
        return
    if isinstance(change, Reviewed) and is_outdated(change, ruleset.hash):
        log(LogCode.REVIEW_REFUSED, ruleset=ruleset.hash)
        return
    key = (control.nhs_number, change.entry_id)
    at = effective(record, control)
    marks[key] = mark(marks.get(key, Marks()), change, at, record.offset)


def _concerned(marks: dict[EntryKey, Marks], control: Control) -> tuple[EntryId, ...]:
    """The entry named and the relatives its hides named.

    SAFETY: the marker that follows lifts the gate's fence from these relatives too.
    """
    entry_id = _named(control)
    if entry_id is None:
        return ()
    said = marks.get((control.nhs_number, entry_id), Marks())
    related = {other for hide in said.hides for other in hide.related}
    return (entry_id, *sorted(related - {entry_id}))


def _named(control: Control) -> EntryId | None:
    change = control.change
    return change.entry_id if isinstance(change, EntryHidden | EntryShown | Reviewed) else None
