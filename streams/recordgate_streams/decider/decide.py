"""Decides one patient: the only way in which a decision is made, wherever it is needed. Pure.

The lanes begin with the entries that a record is about and load what `PatientDecision` says must be decided as well.
Written histories, rehearsals and tests have the whole record in hand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from recordgate_schemas.entry import ClinicalEntry, Readiness
from recordgate_schemas.values import Audience, EntryId
from recordgate_streams.decider.cascade import (
    Affected,
    CascadeState,
    SuppressedEntry,
    cascade,
    state_of,
    suppressed_by,
    suppressed_by_hides,
)
from recordgate_streams.decider.objections import (
    after_rule_change,
    audience_objections,
    conclude,
    entry_objections,
    without_hidden_references,
)
from recordgate_streams.decider.record import (
    CurrentDecision,
    DecisionUpdate,
    EntryAudience,
    Once,
    PatientRecord,
)
from recordgate_streams.decider.relations import Relations, relations
from recordgate_streams.decider.relative import relative_of
from recordgate_streams.decider.review import after_review
from recordgate_streams.decider.tasks import Task, entry_tasks, patient_tasks
from recordgate_streams.decider.timers import changes_at, closes_at, entry_changes_at
from recordgate_streams.decider.unfinished import Derived, derived_readiness, may_defer_relatives
from recordgate_streams.policy.audience import AudienceContext, audience_context
from recordgate_streams.policy.decision import Decision, EntryContext, Objection
from recordgate_streams.policy.facts import Facts, PatientSignal
from recordgate_streams.policy.settings import PolicySettings, Signal
from recordgate_streams.policy.statements import EntryStatements, source_version
from recordgate_streams.ruleset import Ruleset

_NOTHING_STATED = EntryStatements()


@dataclass(frozen=True, slots=True)
class _Relatives:
    """What is the same for every audience. `relations`: reads how all entries are related; called only when it matters.

    `derived`: what follows from relatives that are not finished.
    """

    relations: Callable[[], Relations]
    derived: Derived


@dataclass(frozen=True, slots=True)
class PatientDecision:
    """The decisions about the entries in hand, at one moment, and everything that follows from them.

    `facts`: with what the entries' codes state. `changes_at`: when time alone may next change a decision.
    What must be decided as well: `affected`, entries not in hand on which the cascade has another effect than before;
    whatever refers to the entries in `turned`, which appear or vanish; the whole record when the facts have changed.
    """

    facts: Facts
    updates: Mapping[EntryAudience, DecisionUpdate]
    cascade: Mapping[Audience, CascadeState]
    tasks: frozenset[Task]
    changes_at: datetime | None
    affected: frozenset[EntryId]
    turned: frozenset[EntryId]

    @property
    def decisions(self) -> dict[EntryAudience, Decision]:
        """The decisions alone."""
        return {place: update.decision for place, update in self.updates.items()}


def decide_patient(record: PatientRecord, ruleset: Ruleset, now: datetime) -> PatientDecision:
    """Return the decision about every entry in hand for every audience of the patient."""
    facts = _with_signals(record, ruleset)
    relatives = _relatives_of(record, ruleset.settings)
    updates: dict[EntryAudience, DecisionUpdate] = {}
    states: dict[Audience, CascadeState] = {}
    tasks: set[Task] = set()
    timers: list[datetime | None] = []
    for name in facts.audiences():
        audience = audience_context(facts, name, ruleset.settings, now)
        against_all = audience_objections(audience)
        found = _AudienceDecisions(record, relatives, audience, against_all, ruleset.hash)
        states[name] = found.state
        for update in found.updates():
            updates[update.accepted.entry.entry_id, name] = update
        tasks |= patient_tasks(audience, against_all)
        timers.append(changes_at(audience))
        if audience.is_self:
            timers += map(entry_changes_at, found.contexts.values())
    for (entry_id, _), update in updates.items():
        tasks |= entry_tasks(update.decision, entry_id)
    return PatientDecision(
        facts=facts,
        updates=updates,
        cascade=states,
        tasks=_for_somebody(tasks, facts, ruleset),
        changes_at=min((at for at in timers if at is not None), default=None),
        affected=frozenset(_affected_otherwise(record, states) - record.entries.keys()),
        turned=frozenset(entry_id for (entry_id, _), update in updates.items() if update.turned),
    )


def _relatives_of(record: PatientRecord, settings: PolicySettings) -> _Relatives:
    """Return the patient's relations, read when first asked for, and the readiness that follows from them."""

    def every() -> Relations:
        in_hand = record.entries.values()
        own = [relative_of(one.entry, conflict=one.integrity.conflict) for one in in_hand]
        return relations(chain(record.rest.relatives(), own))

    read = Once(every)
    waits = record.rest.unfinished - record.entries.keys() or any(
        may_defer_relatives(accepted.entry) for accepted in record.entries.values()
    )
    return _Relatives(read, derived_readiness(read(), settings) if waits else {})


def _with_signals(record: PatientRecord, ruleset: Ruleset) -> Facts:
    signals = [
        signal
        for accepted in record.entries.values()
        for signal in signals_of(
            accepted.entry, ruleset.settings, conflict=accepted.integrity.conflict
        )
    ]
    if not signals and not record.facts.signals:
        return record.facts
    return record.facts.with_signals(record.entries.keys(), signals)


def signals_of(
    entry: ClinicalEntry, settings: PolicySettings, *, conflict: bool = False
) -> tuple[PatientSignal, ...]:
    """Return what an entry's codes state about the whole patient: a concern about a child, a 104 code, a refusal.

    It counts from the recording, or from the extraction if that is unknown or earlier. An entry in error states
    nothing, one in conflict lifts nothing. Golden rows 11, 19, 29, 81, 82.
    """
    if not entry.codes or entry.readiness is Readiness.IN_ERROR:
        return ()
    given = {signal for coding in entry.codes for signal in settings.signals.get(coding.code, ())}
    given -= {Signal.REVIEW_106} if conflict else set()
    at = min(entry.recorded_at or entry.extracted_at, entry.extracted_at)
    return tuple(PatientSignal(entry.entry_id, signal, at) for signal in sorted(given))


def _for_somebody(tasks: Iterable[Task], facts: Facts, ruleset: Ruleset) -> frozenset[Task]:
    """Keep the tasks that the ruleset asks of people, and those about the patient only once a practice is known."""
    registered = facts.current_registration() is not None
    return frozenset(
        task
        for task in tasks
        if ruleset.reasons[task.reason].task is not None
        and (registered or task.entry_id is not None)
    )


def _affected_otherwise(
    record: PatientRecord, states: Mapping[Audience, CascadeState]
) -> set[EntryId]:
    before, none = record.rest.cascade, CascadeState()
    return {
        entry_id
        for name in before.keys() | states.keys()
        for entry_id in before.get(name, none).affected_otherwise(states.get(name, none))
    }


class _AudienceDecisions:
    """One audience's decisions: each entry for itself, then with what its relatives must not reveal."""

    def __init__(
        self,
        record: PatientRecord,
        relatives: _Relatives,
        audience: AudienceContext,
        against_all: tuple[Objection, ...],
        ruleset: str,
    ) -> None:
        self._record, self._relatives = record, relatives
        self._audience, self._ruleset = audience, ruleset
        self.contexts = {
            entry_id: EntryContext(
                accepted.entry,
                audience,
                record.statements.get(entry_id, _NOTHING_STATED),
                accepted.integrity,
            )
            for entry_id, accepted in record.entries.items()
        }
        self._own = {
            entry_id: against_all + entry_objections(context)
            for entry_id, context in self.contexts.items()
        }
        suppressed = self._suppressed()
        unseen = self._suppressed_elsewhere(suppressed)
        every = suppressed | unseen
        affected = cascade(relatives.relations(), every) if every else {}
        self._affected = _together(relatives.derived, affected)
        self.state = state_of(suppressed, self._affected)

    def updates(self) -> Iterator[DecisionUpdate]:
        """Yield the decision about each entry in hand, beside the one in force."""
        decisions = {
            entry_id: conclude(
                context, self._own[entry_id] + self._affected.get(entry_id, ()), self._ruleset
            )
            for entry_id, context in self.contexts.items()
        }
        name = self._audience.name
        shown = {entry_id for entry_id, decision in decisions.items() if decision.released}
        shown |= {entry_id for entry_id, to in self._record.rest.released if to == name}
        closes = closes_at(self._audience)
        for entry_id, decision in decisions.items():
            entry = self.contexts[entry_id].entry
            found = (
                without_hidden_references(decision, entry, shown) if entry.elements else decision
            )
            yield self._update(entry_id, found, closes)

    def _suppressed(self) -> dict[EntryId, SuppressedEntry]:
        """Return the entries suppressed for reasons of their own, in hand or not."""
        remembered = self._record.rest.cascade.get(self._audience.name, CascadeState()).suppressed
        found = {e: why for e, why in remembered.items() if e not in self._record.entries}
        for entry_id, context in self.contexts.items():
            own, statements = self._own[entry_id], context.statements
            if own or statements.all_hides or statements.reviews:
                named = statements.related(source_version(context.entry))
                why = suppressed_by(after_review(context, own), named)
                if why is not None:
                    found[entry_id] = why
        return found

    def _suppressed_elsewhere(
        self, suppressed: Mapping[EntryId, SuppressedEntry]
    ) -> dict[EntryId, SuppressedEntry]:
        """Return the entries that a hide suppresses and that are not in hand; most of them have not arrived."""
        known = self._record.entries.keys() | suppressed.keys()
        found = {}
        for entry_id, statements in self._record.statements.items():
            why = None if entry_id in known else suppressed_by_hides(statements, None)
            if why is not None and statements.published:
                arrived = self._relatives.relations().known.get(entry_id)
                why = suppressed_by_hides(statements, arrived.version if arrived else None)
            if why is not None:
                found[entry_id] = why
        return found

    def _update(
        self, entry_id: EntryId, decision: Decision, closes: datetime | None
    ) -> DecisionUpdate:
        accepted = self._record.entries[entry_id]
        previous = self._record.in_force.get((entry_id, self._audience.name))
        under = _released_under(previous, accepted.entry.version, self._ruleset)
        return DecisionUpdate(
            accepted,
            after_rule_change(decision, released_under=under),
            previous,
            valid_until=closes if decision.released else None,
            released_under=under,
        )


def _together(derived: Derived, affected: Affected) -> Affected:
    """Return all objections that follow from relatives, by entry."""
    if not derived:
        return affected
    return {
        entry_id: (*derived.get(entry_id, ()), *affected.get(entry_id, ()))
        for entry_id in derived.keys() | affected.keys()
    }


def _released_under(previous: CurrentDecision | None, version: int, ruleset: str) -> str | None:
    """Return the other ruleset under which this version was last released; remembered while this one holds it."""
    if previous is None or previous.version != version:
        return None
    if previous.released:
        return previous.ruleset if previous.ruleset != ruleset else None
    return previous.released_under
