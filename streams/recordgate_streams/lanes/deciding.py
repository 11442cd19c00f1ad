"""Decides patients inside a lane's transaction: load, call the decision core, load what follows, store.

A transaction begins with the entries it is about. What else must be decided because of them is loaded until nothing is:
entries that the cascade reaches or gives back, entries that refer to one that appeared or vanished, the whole record of
a patient about whom a code states something new. What does not fit into a transaction is followed up (follow_up.py).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import DECISIONS
from recordgate_schemas.errors import FatalError
from recordgate_schemas.reasons import Reason
from recordgate_schemas.values import SELF, Audience, EntryId, NhsNumber, OdsCode
from recordgate_streams.bodies.hints import has_hint
from recordgate_streams.decider.cascade import CascadeState
from recordgate_streams.decider.decide import PatientDecision, decide_patient
from recordgate_streams.decider.record import (
    AcceptedEntry,
    CurrentDecision,
    EntryAudience,
    EntryKey,
    Once,
    PatientRecord,
    RecordRest,
)
from recordgate_streams.decider.relative import Relative
from recordgate_streams.decider.tasks import Task
from recordgate_streams.lanes.decided import Cause, DecidedPatient
from recordgate_streams.lanes.room import Room
from recordgate_streams.ledger.decisions import DecisionRow
from recordgate_streams.ledger.rows import NewVersion, Patient
from recordgate_streams.ledger.unit_of_work import UnitOfWork
from recordgate_streams.policy.statements import EntryStatements

Entries = Mapping[EntryKey, AcceptedEntry]
Versions = Mapping[EntryKey, NewVersion]


@dataclass(slots=True)
class _InHand:
    """One patient while its record is being loaded. `remembered`: the cascade as the last decisions left it."""

    patient: Patient
    statements: Mapping[EntryId, EntryStatements]
    remembered: Mapping[Audience, CascadeState]
    relatives: Callable[[], Iterable[Relative]]
    unfinished: frozenset[EntryId]
    entries: dict[EntryId, AcceptedEntry] = field(default_factory=dict)
    in_force: dict[EntryAudience, CurrentDecision] = field(default_factory=dict)

    def record(self, released: Iterable[EntryAudience]) -> PatientRecord:
        """Return what the decision core works on. `released`: of the entries referred to and not in hand."""
        rest = RecordRest(self.remembered, self.relatives, frozenset(released), self.unfinished)
        return PatientRecord(self.patient.facts, self.entries, self.statements, self.in_force, rest)


def decide_patients(
    work: UnitOfWork,
    patients: Mapping[NhsNumber, Patient],
    causes: Mapping[NhsNumber, Cause],
    entries: Entries,
    room: Room,
    *,
    versions: Versions = MappingProxyType({}),
) -> list[DecidedPatient]:
    """Decide these entries of locked patients, and what follows from them, for every audience; store the result.

    What follows is taken in hand as long as there is `room`. Patients of whom more is left are unfinished. `versions`:
    those of the entries that are to be stored.
    """
    in_hand = _in_hand(work, patients)
    decided: dict[NhsNumber, PatientDecision] = {}
    undecided = _never_decided(work, patients, entries, room.most)
    fitting, unfinished = room.fit(work.records, undecided)
    new = {key for key, version in versions.items() if not version.replaces}
    _take(work, in_hand, {**work.records.entries(fitting), **entries}, new)
    waiting = set(patients)
    while waiting:
        released = _released_elsewhere(work, {number: in_hand[number] for number in waiting})
        for number in waiting:
            record = in_hand[number].record(released.get(number, ()))
            decided[number] = decide_patient(record, work.rules.ruleset, work.at)
        missing = _missing(
            work, in_hand, {number: decided[number] for number in waiting}, room.most
        )
        fitting, left = room.fit(work.records, missing)
        unfinished |= left
        _take(work, in_hand, work.records.entries(fitting))
        waiting = {number for number, _ in fitting}
    return _store(work, in_hand, causes, decided, unfinished, versions=versions)


def count_decisions(lane: str, decided: Iterable[DecidedPatient]) -> None:
    """Count committed decisions, and log those for which a rule failed."""
    for update in (update for one in decided for update in one.changed):
        headline = update.decision.headline
        if headline is Reason.ENGINE_ERROR:
            log(LogCode.RULE_FAILED, lane=lane, ruleset=update.decision.ruleset)
        reason = headline.value if headline else "-"
        DECISIONS.labels(update.decision.outcome.value, reason).inc()


def _in_hand(work: UnitOfWork, patients: Mapping[NhsNumber, Patient]) -> dict[NhsNumber, _InHand]:
    statements = work.records.statements_of(patients)
    remembered = work.cascades.states(patients)
    unfinished = work.cascades.unfinished(patients)

    def relatives(number: NhsNumber) -> Callable[[], Iterable[Relative]]:
        return Once(lambda: work.cascades.relatives(number))

    return {
        number: _InHand(
            patient,
            statements[number],
            remembered[number],
            relatives(number),
            frozenset(unfinished.get(number, ())),
        )
        for number, patient in patients.items()
    }


def _never_decided(
    work: UnitOfWork, patients: Mapping[NhsNumber, Patient], entries: Entries, most: int
) -> set[EntryKey]:
    """Return the entries that were never decided for one of the patients' proxies.

    SAFETY: what is suppressed for a new proxy is known only once every entry was decided, so none is decided alone.
    """
    proxies = [
        (number, audience)
        for number, patient in patients.items()
        for audience in patient.facts.audiences()
        if audience != SELF
    ]
    if not proxies:
        return set()
    return work.cascades.undecided(proxies, most + len(entries)) - entries.keys()


def _take(
    work: UnitOfWork,
    in_hand: Mapping[NhsNumber, _InHand],
    entries: Entries,
    new: Collection[EntryKey] = (),
) -> None:
    """Take entries in hand, with the decisions in force about them and the hint that their text may hold.

    `new`: entries that were not known, about which nothing was decided.
    """
    if not entries:
        return
    for number, in_force in work.decisions.in_force(entries.keys() - set(new)).items():
        in_hand[number].in_force.update(in_force)
    for (number, entry_id), accepted in _with_hints(work, entries).items():
        in_hand[number].entries[entry_id] = accepted


def _with_hints(work: UnitOfWork, entries: Entries) -> Entries:
    settings = work.rules.ruleset.settings
    if not settings.switches.text_hints:
        return entries
    bodiless = [key for key, one in entries.items() if not one.entry.body]
    bodies = work.records.bodies(bodiless) if bodiless else {}
    hints = {
        key: has_hint(settings, accepted.entry.body or bodies[key])
        for key, accepted in entries.items()
    }
    return {
        key: replace(accepted, integrity=replace(accepted.integrity, text_hint=hints[key]))
        for key, accepted in entries.items()
    }


def _released_elsewhere(
    work: UnitOfWork, in_hand: Mapping[NhsNumber, _InHand]
) -> dict[NhsNumber, set[EntryAudience]]:
    """Return which entries that those in hand refer to are shown, and to whom."""
    targets = {
        (number, element.entry_id)
        for number, one in in_hand.items()
        for accepted in one.entries.values()
        for element in accepted.entry.elements
        if element.entry_id is not None and element.entry_id not in one.entries
    }
    return work.cascades.released(sorted(targets)) if targets else {}


def _missing(
    work: UnitOfWork,
    in_hand: Mapping[NhsNumber, _InHand],
    decided: Mapping[NhsNumber, PatientDecision],
    most: int,
) -> set[EntryKey]:
    """Return the entries that must be decided as well and are not in hand; of a whole record no more than need be."""
    found = {(number, entry_id) for number, one in decided.items() for entry_id in one.affected}
    turned = {(number, entry_id) for number, one in decided.items() for entry_id in one.turned}
    if turned:
        found |= work.cascades.referring_to(sorted(turned))
    changed = [n for n, one in decided.items() if one.facts != in_hand[n].patient.facts]
    if changed:
        in_hand_at_most = max(len(in_hand[number].entries) for number in changed)
        found |= work.records.all_entries(changed, most + in_hand_at_most)
    return {(n, entry_id) for n, entry_id in found if entry_id not in in_hand[n].entries}


def _store(
    work: UnitOfWork,
    in_hand: Mapping[NhsNumber, _InHand],
    causes: Mapping[NhsNumber, Cause],
    decided: Mapping[NhsNumber, PatientDecision],
    unfinished: Collection[NhsNumber],
    *,
    versions: Versions,
) -> list[DecidedPatient]:
    _store_patients(work, in_hand, decided)
    open_tasks = work.decisions.tasks(decided)
    asked_for = work.redecisions.asked_for(decided).union(unfinished)
    found: list[DecidedPatient] = []
    rows: list[DecisionRow] = []
    for number, one in decided.items():
        hand, cause = in_hand[number], causes[number]
        changed = tuple(
            update
            for (entry_id, _), update in one.updates.items()
            if update.changed or entry_id in cause.forced
        )
        rows += [DecisionRow(update, hand.patient.control_position) for update in changed]
        published = tuple(one.updates.values()) if cause.publish_all else changed
        judged = {t for t in open_tasks[number] if t.entry_id is None or t.entry_id in hand.entries}
        new = one.tasks - judged
        opened = {
            task: _practice(hand, one, task) for task in (one.tasks if cause.publish_all else new)
        }
        patient = replace(hand.patient, facts=one.facts)
        closed = frozenset(judged - one.tasks)
        # SAFETY: what a control does to relatives is certain only once they are decided again. Until then a decision
        # lifts no fence; the marker at the end will.
        vouches_for = -1 if number in asked_for else patient.control_position
        found.append(
            DecidedPatient(
                patient,
                cause,
                vouches_for,
                changed,
                published,
                opened,
                closed,
                number in unfinished,
            )
        )
    work.decisions.put(rows, versions, work.rules, work.at)
    work.decisions.stamp([u for one in decided.values() for u in one.updates.values()], work.rules)
    work.decisions.put_tasks({one.patient.nhs_number: one.opened for one in found})
    work.decisions.end_tasks({one.patient.nhs_number: one.closed for one in found})
    return found


def _practice(hand: _InHand, decided: PatientDecision, task: Task) -> OdsCode:
    """Return whose work a task is: the entry's practice, or the one at which the patient is registered."""
    if task.entry_id is not None:
        return hand.entries[task.entry_id].entry.practice
    registration = decided.facts.current_registration()
    if registration is None:
        raise FatalError("a task about a patient without a practice; see docs/architecture.md")
    return registration.practice


def _store_patients(
    work: UnitOfWork,
    in_hand: Mapping[NhsNumber, _InHand],
    decided: Mapping[NhsNumber, PatientDecision],
) -> None:
    """Store facts, cascade and due time of the patients where they have changed."""
    facts, states, due = [], {}, {}
    for number, one in decided.items():
        patient = in_hand[number].patient
        if one.facts != patient.facts:
            facts.append(replace(patient, facts=one.facts))
        if _not_empty(one.cascade) != _not_empty(in_hand[number].remembered):
            states[number] = one.cascade
        known = [patient.due_at] if patient.due_at and patient.due_at > work.at else []
        next_at = min((at for at in (*known, one.changes_at) if at is not None), default=None)
        if next_at != patient.due_at:
            due[number] = next_at
    if facts:
        work.records.put_facts(facts)
    if states:
        work.cascades.put_states(states)
    if due:
        work.records.put_due(due)


def _not_empty(states: Mapping[Audience, CascadeState]) -> dict[Audience, CascadeState]:
    return {audience: state for audience, state in states.items() if state != CascadeState()}
