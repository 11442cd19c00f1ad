"""A record in hand in parts comes to the same as the whole record, once everything that follows is loaded.

The loader keeps the ledger's rules (recordgate_streams.lanes.deciding) without a ledger.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

import pytest

from recordgate_schemas.reasons import Reason
from recordgate_schemas.values import Audience, EntryId
from recordgate_streams.decider.cascade import CascadeState
from recordgate_streams.decider.decide import PatientDecision, decide_patient
from recordgate_streams.decider.history import Event, record_after
from recordgate_streams.decider.record import (
    AcceptedEntry,
    CurrentDecision,
    EntryAudience,
    PatientRecord,
    RecordRest,
)
from recordgate_streams.decider.relative import Relative, relative_of
from recordgate_streams.decider.statements import entry_named
from recordgate_streams.decider.tasks import Task
from recordgate_streams.decider.unfinished import may_defer_relatives
from recordgate_streams.policy.decision import Decision, Objection
from recordgate_streams.policy.facts import PatientSignal
from recordgate_streams.ruleset import Ruleset
from tests.histories.cases import Case, cases
from tests.reference.compare import production_ruleset
from tests.support.events import parse_events

SEEDS = range(31, 35)
CASES = 150


@dataclass
class Ledger:
    """What is stored between transactions."""

    case: Case
    ruleset: Ruleset
    signals: tuple[PatientSignal, ...] = ()
    cascade: dict[Audience, CascadeState] = field(default_factory=dict)
    decisions: dict[EntryAudience, Decision] = field(default_factory=dict)
    in_force: dict[EntryAudience, CurrentDecision] = field(default_factory=dict)
    tasks: frozenset[Task] = frozenset()

    def decide(self, whole: PatientRecord, first: set[EntryId]) -> None:
        """Decide these entries and all that follows from them; store the result."""
        in_hand = first & whole.entries.keys()
        while True:
            decided = decide_patient(self._record(whole, in_hand), self.ruleset, self.case.now)
            missing = self._following(whole, decided) - in_hand
            if not missing:
                return self._store(decided, in_hand)
            in_hand |= missing

    def _record(self, whole: PatientRecord, in_hand: set[EntryId]) -> PatientRecord:
        entries = {entry_id: whole.entries[entry_id] for entry_id in in_hand}
        referred = {e.entry_id for one in entries.values() for e in one.entry.elements}
        released = {
            (entry_id, audience)
            for (entry_id, audience), decision in self.decisions.items()
            if decision.released and entry_id in referred - in_hand
        }
        rest = RecordRest(
            self.cascade, partial(_relatives, whole), frozenset(released), _unfinished(whole)
        )
        facts = replace(whole.facts, signals=self.signals)
        return PatientRecord(facts, entries, whole.statements, self.in_force, rest)

    def _following(self, whole: PatientRecord, decided: PatientDecision) -> set[EntryId]:
        if decided.facts.signals != self.signals:
            return set(whole.entries)
        referring = {
            entry_id
            for entry_id, one in whole.entries.items()
            if any(element.entry_id in decided.turned for element in one.entry.elements)
        }
        return referring | decided.affected

    def _store(self, decided: PatientDecision, in_hand: set[EntryId]) -> None:
        self.signals, self.cascade = decided.facts.signals, dict(decided.cascade)
        self.decisions |= decided.decisions
        self.in_force |= {place: update.in_force() for place, update in decided.updates.items()}
        kept = {task for task in self.tasks if task.entry_id and task.entry_id not in in_hand}
        self.tasks = decided.tasks | kept


def _compared(decisions: Mapping[EntryAudience, Decision]) -> dict[EntryAudience, Decision]:
    """Without how a LINKED entry is related: nobody is informed of that, so it is not decided again for it."""
    return {
        place: replace(one, objections=tuple(map(_plain, one.objections)))
        for place, one in decisions.items()
    }


def _plain(objection: Objection) -> Objection:
    return replace(objection, because={}) if objection.reason is Reason.LINKED else objection


def _relatives(whole: PatientRecord) -> Iterator[Relative]:
    for one in whole.entries.values():
        yield relative_of(one.entry, conflict=one.integrity.conflict)


def _unfinished(whole: PatientRecord) -> frozenset[EntryId]:
    return frozenset(e for e, one in whole.entries.items() if may_defer_relatives(one.entry))


def _concerned(events: Iterable[Event], whole: PatientRecord) -> set[EntryId]:
    """The entries with which a transaction about these events begins."""
    found: set[EntryId] = set()
    for event in events:
        if isinstance(event, AcceptedEntry):
            found.add(event.entry.entry_id)
        elif event.control is None or (named := entry_named(event.control.change)) is None:
            return set(whole.entries)
        else:
            hides = whole.statements[named].all_hides
            found |= {named, *(related for hide in hides for related in hide.related)}
    return found


def _batches(events: list[Event], rng: Random) -> Iterator[int]:
    """The number of events that have come after each transaction."""
    done = 0
    while done < len(events):
        done = min(done + rng.choice((1, 1, 1, 2, 5)), len(events))
        yield done


def _rulesets(seed: int) -> Iterator[tuple[Case, Ruleset]]:
    ruleset: Ruleset | None = None
    data = None
    for case in cases(seed, CASES):
        if ruleset is None or case.ruleset is not data:
            ruleset, data = production_ruleset(case.ruleset), case.ruleset
        yield case, ruleset


@pytest.mark.parametrize("seed", SEEDS)
def test_a_record_that_arrives_in_parts_is_decided_as_if_it_had_been_whole(seed: int) -> None:
    rng = Random(seed)
    for case, ruleset in _rulesets(seed):
        events = parse_events(case.events)
        ledger, before = Ledger(case, ruleset), 0
        for done in _batches(events, rng):
            whole = record_after(events[:done], ruleset)
            ledger.decide(whole, _concerned(events[before:done], whole))
            before, expected = done, decide_patient(whole, ruleset, case.now)
            assert _compared(ledger.decisions) == _compared(expected.decisions)
            assert ledger.tasks == expected.tasks
            assert ledger.cascade == expected.cascade
            assert ledger.signals == expected.facts.signals


@pytest.mark.parametrize("seed", SEEDS)
def test_no_entry_is_missing_when_the_whole_record_is_in_hand(seed: int) -> None:
    for case, ruleset in _rulesets(seed):
        whole = record_after(parse_events(case.events), ruleset)
        decided = decide_patient(whole, ruleset, case.now)
        assert decided.affected == frozenset()
        remembered = replace(whole, rest=RecordRest(decided.cascade, partial(_relatives, whole)))
        assert decide_patient(remembered, ruleset, case.now) == decided
