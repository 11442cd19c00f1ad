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
    ReviewAction,
    Reviewed,
)
from recordgate_schemas.values import EntryId
from recordgate_streams.ledger.rows import EntryKey
from recordgate_streams.ledger.store import Store
from recordgate_streams.policy.marks import Marks, follow, mark
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
    roots = {(c.nhs_number, named) for _, c in controls if (named := _named(c))}
    marks = store.load_marks(sorted(roots))
    for record, control in controls:
        _take(marks, record, control, ruleset)
        if isinstance(control.change, RecordSnapshot):
            at = effective(record, control)
            store.put_snapshot(control.nhs_number, control.change, at)
    relatives = {(number, e) for number, root in roots for e in _relatives(marks, (number, root))}
    missing = sorted(relatives - marks.keys())
    marks |= dict.fromkeys(missing, Marks()) | store.load_marks(missing)
    for root in sorted(roots):
        _take_along(marks, root)
    store.put_marks(marks)
    return [
        (named, *_relatives(marks, (c.nhs_number, named))) if (named := _named(c)) else ()
        for _, c in controls
    ]


def _take(marks: dict[EntryKey, Marks], record: Record, control: Control, ruleset: Ruleset) -> None:
    change = control.change
    if not isinstance(change, EntryHidden | EntryShown | Reviewed):
        return
    if _is_outdated(change, ruleset):
        log(LogCode.REVIEW_REFUSED, ruleset=ruleset.hash)
        return
    key = (control.nhs_number, change.entry_id)
    at = effective(record, control)
    marks[key] = mark(marks.get(key, Marks()), change, at, record.offset)


def _is_outdated(change: EntryHidden | EntryShown | Reviewed, ruleset: Ruleset) -> bool:
    """A release was given under rules that no longer hold. A withholding stands under any rules."""
    return (
        isinstance(change, Reviewed)
        and change.action is ReviewAction.RELEASE
        and change.ruleset != ruleset.hash
    )


def _take_along(marks: dict[EntryKey, Marks], root: EntryKey) -> None:
    """Hide and show a root's relatives with it.

    SAFETY: the marker that follows lifts the gate's fence from the relatives too.
    """
    number, entry_id = root
    for hide in marks.get(root, Marks()).hides:
        for relative in (e for e in hide.related if e != entry_id):
            marks[number, relative] = follow(marks[number, relative], entry_id, hide)


def _relatives(marks: dict[EntryKey, Marks], root: EntryKey) -> tuple[EntryId, ...]:
    related = {e for hide in marks.get(root, Marks()).hides for e in hide.related}
    return tuple(sorted(related - {root[1]}))


def _named(control: Control) -> EntryId | None:
    change = control.change
    return change.entry_id if isinstance(change, EntryHidden | EntryShown | Reviewed) else None
