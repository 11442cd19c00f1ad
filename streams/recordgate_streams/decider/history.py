"""Decides a whole history in memory: what the lanes come to in the end, without a broker or a database.

For `recordgate decide-file`, the golden rows and the comparison with the auditor's model. All events are about one
patient; their order does not matter beyond the positions of controls.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from recordgate_schemas.control import (
    Control,
    EntryHidden,
    EntryShown,
    RecordSnapshot,
    ReviewAction,
    Reviewed,
    StateConfirmed,
)
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.values import SELF, Audience, EntryId, OdsCode, proxy
from recordgate_streams.decider.accept import content, merge
from recordgate_streams.decider.decide import standing_objections
from recordgate_streams.decider.fold import fold
from recordgate_streams.decider.tasks import Task, entry_tasks, patient_tasks
from recordgate_streams.decider.whole import Whole, decide_whole, with_all_signals
from recordgate_streams.policy.audience import stand
from recordgate_streams.policy.decision import Decision, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import Marks, mark
from recordgate_streams.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class ControlSaid:
    """A control, when the broker received it, and its position among the patient's controls; None: unreadable."""

    at: datetime
    position: int
    control: Control | None


@dataclass(frozen=True, slots=True)
class EntryArrived:
    """An entry version, and what acceptance found out about its body."""

    at: datetime
    entry: ClinicalEntry
    body_lies: bool = False
    text_hint: bool = False


Event = ControlSaid | EntryArrived
Decisions = Mapping[tuple[EntryId, Audience], Decision]


@dataclass(slots=True)
class Known:
    """One patient's state as events build it up."""

    facts: Facts = field(default_factory=Facts)
    marks: dict[EntryId, Marks] = field(default_factory=dict)
    entries: dict[EntryId, EntryArrived] = field(default_factory=dict)
    conflicts: set[EntryId] = field(default_factory=set)
    snapshots: dict[tuple[OdsCode, str], tuple[datetime, frozenset[EntryId]]] = field(
        default_factory=dict
    )


def decide_history(events: Sequence[Event], ruleset: Ruleset, now: datetime) -> Decisions:
    """Return the decision for every entry and audience after all events."""
    known = take_in(events, ruleset)
    whole = _whole(known)
    decisions: dict[tuple[EntryId, Audience], Decision] = {}
    for audience in audiences(known.facts):
        standing = stand(known.facts, audience, ruleset.settings, now)
        for entry_id, decision in decide_whole(whole, standing, ruleset.hash).items():
            decisions[entry_id, audience] = decision
    return decisions


def tasks_of(events: Sequence[Event], ruleset: Ruleset, now: datetime) -> frozenset[Task]:
    """Return the tasks open after all events."""
    facts = take_in(events, ruleset).facts
    found: set[Task] = set()
    for audience in audiences(facts):
        standing = stand(facts, audience, ruleset.settings, now)
        found |= patient_tasks(standing, standing_objections(standing))
    for (entry_id, _), decision in decide_history(events, ruleset, now).items():
        found |= entry_tasks(decision, entry_id)
    return frozenset(found)


def audiences(facts: Facts) -> tuple[Audience, ...]:
    """Return `self` and every grant ever given: an ended one still has to be told."""
    return (SELF, *(proxy(grant.grant_id) for grant in facts.proxies))


def take_in(events: Iterable[Event], ruleset: Ruleset) -> Known:
    """Return what is known after the events."""
    known = Known()
    for event in events:
        if isinstance(event, EntryArrived):
            _accept(known, event)
        elif event.control is None:
            unreadable = max(known.facts.unreadable_at, event.position)
            known.facts = replace(known.facts, unreadable_at=unreadable)
        else:
            _take(known, event, event.control, ruleset)
    entries = ((a.entry, e in known.conflicts) for e, a in known.entries.items())
    known.facts = with_all_signals(known.facts, entries, ruleset.settings)
    return known


def is_outdated(change: Reviewed, ruleset: str) -> bool:
    """True for a release given under other rules than these. A withholding stands under any rules."""
    return change.action is ReviewAction.RELEASE and change.ruleset != ruleset


def _take(known: Known, said: ControlSaid, control: Control, ruleset: Ruleset) -> None:
    at = min(control.effective_at, said.at)
    change = control.change
    if isinstance(change, StateConfirmed):  # nobody confirms what has yet to come
        control = replace(control, change=StateConfirmed(min(change.through, said.position)))
    known.facts = fold(known.facts, control, at)
    if isinstance(change, RecordSnapshot):
        _list(known, change, at)
    if isinstance(change, EntryHidden | EntryShown | Reviewed):
        if isinstance(change, Reviewed) and is_outdated(change, ruleset.hash):
            return
        before = known.marks.get(change.entry_id, Marks())
        known.marks[change.entry_id] = mark(before, change, at, said.position)


def _list(known: Known, change: RecordSnapshot, at: datetime) -> None:
    key, listed = (change.practice, change.system), frozenset(change.entry_ids)
    taken_at, before = known.snapshots.get(key, (at, listed))
    if at >= taken_at:
        known.snapshots[key] = (at, listed & before if at == taken_at else listed)


def _accept(known: Known, new: EntryArrived) -> None:
    entry_id = new.entry.entry_id
    before = known.entries.get(entry_id)
    if before is None or new.entry.version > before.entry.version:
        known.entries[entry_id] = new
        known.conflicts.discard(entry_id)
    elif new.entry.version == before.entry.version:
        differs = content(new.entry) != content(before.entry)
        if differs or new.body_lies != before.body_lies:
            known.conflicts.add(entry_id)
        lies, hint = before.body_lies or new.body_lies, before.text_hint or new.text_hint
        entry = merge(before.entry, new.entry)
        known.entries[entry_id] = EntryArrived(before.at, entry, lies, hint)


def _whole(known: Known) -> Whole:
    entries = {
        entry_id: (arrived.entry, _integrity(known, entry_id, arrived))
        for entry_id, arrived in known.entries.items()
    }
    return Whole(entries, known.marks)


def _integrity(known: Known, entry_id: EntryId, arrived: EntryArrived) -> Integrity:
    return Integrity(
        entry_id in known.conflicts,
        arrived.body_lies,
        _is_gone(known, arrived.entry),
        arrived.text_hint,
    )


def _is_gone(known: Known, entry: ClinicalEntry) -> bool:
    snapshot = known.snapshots.get((entry.practice, entry.system))
    if snapshot is None:
        return False
    taken_at, listed = snapshot
    return entry.extracted_at <= taken_at and entry.entry_id not in listed
