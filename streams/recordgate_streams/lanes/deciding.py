"""Decides entries together with the relatives they reach: the one way a decision is made in the ledger.

A transaction begins with the entries it is about. Whatever else changes because of them is pulled in until nothing more
does: entries that a concealed relative takes along or frees, entries that refer to one that appeared or vanished, all
entries of a patient about whom a code says something new.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from recordgate_schemas.values import SELF, Audience, EntryId, NhsNumber
from recordgate_streams.bodies.hints import find_hint
from recordgate_streams.decider.cascade import Root, root_of
from recordgate_streams.decider.decide import (
    conclude,
    object_to,
    standing_objections,
    with_pointers,
)
from recordgate_streams.decider.history import audiences
from recordgate_streams.decider.references import unseen
from recordgate_streams.decider.review import after_review
from recordgate_streams.decider.rule_change import after_rule_change
from recordgate_streams.decider.signals import signals_of
from recordgate_streams.decider.timers import closes_at
from recordgate_streams.lanes.concealing import Concealing
from recordgate_streams.lanes.outcome import Verdict
from recordgate_streams.ledger.relatives import RelativesStore
from recordgate_streams.ledger.rows import CurrentDecision, EntryKey, Patient, StoredEntry, Subject
from recordgate_streams.ledger.store import Store, entry_key
from recordgate_streams.policy.audience import Standing, stand
from recordgate_streams.policy.decision import Case, Decision, Integrity, Objection
from recordgate_streams.policy.statements import Marks
from recordgate_streams.ruleset import Ruleset

Place = tuple[EntryKey, Audience]
Members = Mapping[EntryKey, Subject]
Stand = tuple[Standing, tuple[Objection, ...]]


@dataclass(frozen=True, slots=True)
class Cause:
    """What made us decide a patient again: the broker's time of it, and entries to be told even if unchanged."""

    at: datetime
    forced: Collection[EntryId] = ()


@dataclass(slots=True)
class Deciding:
    """One transaction's patients being decided at the moment `at`. `patients` end up with what their codes say."""

    store: Store
    relatives: RelativesStore
    ruleset: Ruleset
    at: datetime
    patients: dict[NhsNumber, Patient]
    causes: Mapping[NhsNumber, Cause]
    standings: dict[NhsNumber, list[Stand]] = field(default_factory=dict)
    cases: dict[Place, Case] = field(default_factory=dict)
    _own: dict[Place, tuple[Objection, ...]] = field(default_factory=dict)

    def decide(self, subjects: Iterable[Subject]) -> list[Verdict]:
        """Return the verdicts on these entries and on all that follows; keep what closure needs next time."""
        members = {entry_key(subject.stored.entry): subject for subject in subjects}
        members |= self._take_signals(members)
        members |= self._new_to_proxies(members)
        self.standings = {number: self._stand(p) for number, p in self.patients.items()}
        marks = self.store.marks_of(self.patients)
        concealing = Concealing(self.relatives, marks, self.relatives.concealed(self.patients))
        decided = self._pass(members, concealing)
        while missing := self._affected(members, decided, concealing) - members.keys():
            members |= self._load(missing)
            decided = self._pass(members, concealing)
        concealing.remember()
        decided = self._without_pointers(members, decided)
        return [self._verdict(members[place[0]], place, d) for place, d in decided.items()]

    def _take_signals(self, members: Members) -> dict[EntryKey, Subject]:
        """Take in what codes say of patients; return all entries of patients about whom something new was said."""
        changed: dict[NhsNumber, Patient] = {}
        for (number, entry_id), subject in members.items():
            patient = self.patients[number]
            stored = subject.stored
            settings = self.ruleset.settings
            said = signals_of(stored.entry, settings, conflict=stored.conflict)
            if said or patient.facts.signals:
                facts = patient.facts.with_signals(entry_id, said)
                if facts != patient.facts:
                    changed[number] = self.patients[number] = replace(patient, facts=facts)
        if not changed:
            return {}
        self.store.put_facts(changed.values())
        return self._load(self.relatives.entries_of(changed) - members.keys())

    def _new_to_proxies(self, members: Members) -> dict[EntryKey, Subject]:
        """Return entries that were never decided for a proxy.

        SAFETY: what is concealed from a new proxy is known only once every entry was asked: none goes alone.
        """
        proxies = [
            (number, audience)
            for number, patient in self.patients.items()
            for audience in audiences(patient.facts)
            if audience != SELF
        ]
        return self._load(self.relatives.undecided(proxies) - members.keys()) if proxies else {}

    def _load(self, keys: Collection[EntryKey]) -> dict[EntryKey, Subject]:
        stored = self.store.load_entries(sorted(keys))
        return {entry_key(s.stored.entry): s for s in self.store.subjects(list(stored.values()))}

    def _stand(self, patient: Patient) -> list[Stand]:
        settings = self.ruleset.settings
        standings = (stand(patient.facts, a, settings, self.at) for a in audiences(patient.facts))
        return [(standing, standing_objections(standing)) for standing in standings]

    def _pass(self, members: Members, concealing: Concealing) -> dict[Place, Decision]:
        """Decide all members: each for itself, then with what its relatives must not reveal."""
        by_patient: dict[NhsNumber, list[EntryId]] = {number: [] for number in self.patients}
        for key, subject in members.items():
            by_patient[key[0]].append(key[1])
            if (key, SELF) not in self.cases:
                marks = concealing.marks.get(key[0], {}).get(key[1], Marks())
                self._examine(key, subject.stored, marks)
        decided: dict[Place, Decision] = {}
        for number, entry_ids in by_patient.items():
            for standing, _ in self.standings[number]:
                places = [((number, entry_id), standing.audience) for entry_id in entry_ids]
                decided |= self._decide_audience(number, standing.audience, places, concealing)
        return decided

    def _examine(self, key: EntryKey, stored: StoredEntry, marks: Marks) -> None:
        flaws = (stored.conflict, stored.body_mismatch, stored.gone_at_source)
        integrity = Integrity(*flaws, text_hint=self._hint(key, stored))
        for standing, against_all in self.standings[key[0]]:
            case = Case(stored.entry, standing, marks, integrity)
            place = (key, standing.audience)
            self.cases[place], self._own[place] = case, object_to(case, against_all)

    def _hint(self, key: EntryKey, stored: StoredEntry) -> bool:
        settings = self.ruleset.settings
        if not settings.switches.text_hints:
            return False
        body = stored.entry.body or self.store.load_bodies([key])[key]
        return find_hint(settings.hint_phrases, body)

    def _decide_audience(
        self, number: NhsNumber, audience: Audience, places: list[Place], concealing: Concealing
    ) -> dict[Place, Decision]:
        own = {place[0][1]: self._root(place) for place in places}
        reached = concealing.reach(number, audience, own)
        return {place: self._conclude(place, reached.get(place[0][1], ())) for place in places}

    def _conclude(self, place: Place, reached: tuple[Objection, ...]) -> Decision:
        case = self.cases[place]
        related = replace(case, relatives=reached) if reached else case
        return conclude(related, self._own[place], self.ruleset.hash)

    def _root(self, place: Place) -> Root | None:
        case, own = self.cases[place], self._own[place]
        if not own and not case.marks.hides and not case.marks.reviews:
            return None
        return root_of(after_review(case, own), case.marks.related())

    def _affected(
        self, members: Members, decided: Mapping[Place, Decision], concealing: Concealing
    ) -> set[EntryKey]:
        """Entries that have to be decided again because these were."""
        reached = {(n, e) for n in self.patients for e in concealing.changed(n)}
        turned = {
            key
            for (key, audience), decision in decided.items()
            if decision.released != _was_released(members[key].current.get(audience))
        }
        return reached | (self.relatives.pointing_at(sorted(turned)) if turned else set())

    def _without_pointers(
        self, members: Members, decided: dict[Place, Decision]
    ) -> dict[Place, Decision]:
        """Drop the references to entries that the audience is not shown."""
        shown = {(key[0], key[1], audience) for (key, audience), d in decided.items() if d.released}
        targets = {
            (key[0], element.entry_id)
            for key, subject in members.items()
            for element in subject.stored.entry.elements
            if element.entry_id is not None and (key[0], element.entry_id) not in members
        }
        shown |= self.relatives.shown(sorted(targets)) if targets else set()
        return {
            place: with_pointers(d, self._unseen(place, shown)) if d.released else d
            for place, d in decided.items()
        }

    def _unseen(
        self, place: Place, shown: set[tuple[NhsNumber, EntryId, Audience]]
    ) -> tuple[str, ...]:
        (number, _), audience = place
        entry = self.cases[place].entry
        if not entry.elements:
            return ()
        visible = {e.entry_id for e in entry.elements if (number, e.entry_id, audience) in shown}
        return unseen(entry, visible)

    def _verdict(self, subject: Subject, place: Place, decision: Decision) -> Verdict:
        (number, entry_id), audience = place
        previous = subject.current.get(audience)
        under = _released_under(previous, subject.stored.entry.version, self.ruleset.hash)
        cause = self.causes[number]
        decision = after_rule_change(decision, released_under=under)
        return Verdict(
            stored=subject.stored,
            decision=decision,
            decided_under=self.patients[number].control_position,
            decided_at=self.at,
            caused_at=cause.at,
            previous=previous,
            forced=entry_id in cause.forced,
            valid_until=closes_at(self.cases[place].standing) if decision.released else None,
            released_under=under,
        )


def _was_released(previous: CurrentDecision | None) -> bool:
    return previous is not None and previous.released


def _released_under(previous: CurrentDecision | None, version: int, ruleset: str) -> str | None:
    """The other ruleset under which this version was last released; remembered while this one holds it."""
    if previous is None or previous.version != version:
        return None
    if previous.released:
        return previous.ruleset if previous.ruleset != ruleset else None
    return previous.released_under
