"""Decides a written history of one patient: what the lanes come to in the end, without a broker or a database.

For `recordgate decide-file`, the golden rows and the comparison with the auditor's model. Accepting, folding and
deciding are the functions that the lanes call. The order of events does not matter beyond the positions of controls.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from recordgate_schemas.control import RecordSnapshot
from recordgate_schemas.values import EntryId, OdsCode
from recordgate_streams.decider.accept import accept
from recordgate_streams.decider.decide import PatientDecision, decide_patient
from recordgate_streams.decider.fold import fold_facts
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, PatientRecord
from recordgate_streams.decider.statements import entry_named, fold_statements
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import EntryStatements
from recordgate_streams.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class RulesetActivated:
    """Another ruleset came into force: it decides from then on, and reviews of an older one release nothing."""

    at: datetime
    ruleset: Ruleset


Event = ControlEvent | AcceptedEntry
"""A control as the broker received it, or an entry version with what a check of its body found."""

Step = Event | RulesetActivated
"""What a history is made of."""


@dataclass(slots=True)
class _Snapshot:
    """The newest listing of a patient's entries by one system; of two at one instant what either misses is gone."""

    taken_at: datetime
    listed: frozenset[EntryId]

    def lacks(self, accepted: AcceptedEntry) -> bool:
        entry = accepted.entry
        return entry.extracted_at <= self.taken_at and entry.entry_id not in self.listed


@dataclass(slots=True)
class _History:
    """One patient's state as events build it up."""

    facts: Facts = field(default_factory=Facts)
    statements: dict[EntryId, EntryStatements] = field(default_factory=dict)
    entries: dict[EntryId, AcceptedEntry] = field(default_factory=dict)
    snapshots: dict[tuple[OdsCode, str], _Snapshot] = field(default_factory=dict)


def decide_history(events: Sequence[Step], ruleset: Ruleset, now: datetime) -> PatientDecision:
    """Return the decision about every entry for every audience after all events; `ruleset`: in force at first."""
    return decide_patient(record_after(events, ruleset), in_force_at(events, ruleset, now), now)


def in_force_at(events: Iterable[Step], ruleset: Ruleset, at: datetime) -> Ruleset:
    """Return the ruleset in force at an instant; of two activated at one the later one in the list."""
    later = [one for one in events if isinstance(one, RulesetActivated) and one.at <= at]
    return (
        max(enumerate(later), key=lambda one: (one[1].at, one[0]))[1].ruleset if later else ruleset
    )


def record_after(events: Sequence[Step], ruleset: Ruleset) -> PatientRecord:
    """Return the patient's whole record after the events."""
    history = _History()
    activated = [one for one in events if isinstance(one, RulesetActivated)]
    for event in events:
        if isinstance(event, AcceptedEntry):
            entry_id = event.entry.entry_id
            _, history.entries[entry_id] = accept(history.entries.get(entry_id), event)
        elif isinstance(event, ControlEvent):
            _fold(history, event, in_force_at(activated, ruleset, event.received_at))
    entries = {entry_id: _checked(history, one) for entry_id, one in history.entries.items()}
    return PatientRecord(history.facts, entries, history.statements)


def _fold(history: _History, event: ControlEvent, ruleset: Ruleset) -> None:
    history.facts = fold_facts(history.facts, event)
    change = event.control.change if event.control else None
    if isinstance(change, RecordSnapshot):
        _list(history, change, event.effective_at)
    elif change is not None and (entry_id := entry_named(change)) is not None:
        known = history.statements.get(entry_id, EntryStatements())
        history.statements[entry_id] = fold_statements(known, event, ruleset.hash)


def _list(history: _History, change: RecordSnapshot, at: datetime) -> None:
    key, listed = (change.practice, change.system), frozenset(change.entry_ids)
    known = history.snapshots.get(key)
    if known is None or at > known.taken_at:
        history.snapshots[key] = _Snapshot(at, listed)
    elif at == known.taken_at:
        known.listed &= listed


def _checked(history: _History, accepted: AcceptedEntry) -> AcceptedEntry:
    snapshot = history.snapshots.get((accepted.entry.practice, accepted.entry.system))
    gone = snapshot is not None and snapshot.lacks(accepted)
    return replace(accepted, integrity=replace(accepted.integrity, gone_at_source=gone))
