"""What a ruleset would change about one patient, had it been in force: decided again in memory and compared. Pure.

RULE_CHANGE is left out: it is added to entries that are held anyway, and changes no outcome and no headline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import Audience, EntryId, OdsCode
from recordgate_streams.bodies.hints import find_hint
from recordgate_streams.decider.history import audiences
from recordgate_streams.decider.timers import closes_at
from recordgate_streams.decider.whole import Whole, decide_whole, with_all_signals
from recordgate_streams.lanes.outcome import Verdict
from recordgate_streams.ledger.rehearsals import StoredPatient
from recordgate_streams.ledger.rows import Subject
from recordgate_streams.policy.audience import stand
from recordgate_streams.policy.decision import Decision, Integrity
from recordgate_streams.ruleset import Ruleset

NO_REASON = "-"
Verdicts = Mapping[tuple[EntryId, Audience], Verdict]


class Change(StrEnum):
    """What would become of an entry for an audience; one entry may change in two ways at once."""

    APPEARS = "appears"
    DISAPPEARS = "disappears"
    JOINS_QUEUE = "joins the queue"
    LEAVES_QUEUE = "leaves the queue"
    SHOWN_OTHERWISE = "shown with other elements"
    REVIEW_LOST = "review no longer counts"


@dataclass(frozen=True, slots=True)
class ComparedRulesets:
    """The new ruleset, the one in force (None when this program cannot run it), and the instant of all decisions."""

    new: Ruleset
    old: Ruleset | None
    now: datetime


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """One change: the entry, its practice, and the headline that explains it.

    That is the new headline, but for what appears or leaves the queue the one that held it back so far.
    """

    change: Change
    entry_id: EntryId
    practice: OdsCode
    reason: str


@dataclass(frozen=True, slots=True)
class PatientComparison:
    """What a ruleset does to one patient: decisions made, how many are released now, and what would change."""

    decisions: int
    released: int
    changes: tuple[ChangedEntry, ...]


def compare_patient(patient: StoredPatient, rulesets: ComparedRulesets) -> PatientComparison:
    """Decide all of a patient's entries for every audience under the new ruleset and compare with what is in force."""
    new = _verdicts(patient, rulesets.new, rulesets.now)
    reviewed = any(marks.reviews for marks in patient.marks.values())
    old: Verdicts = {}
    if rulesets.old and (reviewed or any(map(_released_anew, new.values()))):
        old = _verdicts(patient, rulesets.old, rulesets.now)
    changes = tuple(
        ChangedEntry(change, place[0], verdict.stored.entry.practice, reason)
        for place, verdict in new.items()
        for change, reason in _changes(verdict, old.get(place))
    )
    released = sum(v.previous is not None and v.previous.released for v in new.values())
    return PatientComparison(len(new), released, changes)


def _verdicts(patient: StoredPatient, ruleset: Ruleset, now: datetime) -> Verdicts:
    settings = ruleset.settings
    stored = {subject.stored.entry.entry_id: subject for subject in patient.subjects}
    entries = [(subject.stored.entry, subject.stored.conflict) for subject in patient.subjects]
    facts = with_all_signals(patient.facts, entries, settings)
    integrity = {e: _integrity(patient, e, subject, ruleset) for e, subject in stored.items()}
    whole = Whole({e: (s.stored.entry, integrity[e]) for e, s in stored.items()}, patient.marks)
    verdicts = {}
    for audience in audiences(facts):
        standing = stand(facts, audience, settings, now)
        closes = closes_at(standing)
        for entry_id, decision in decide_whole(whole, standing, ruleset.hash).items():
            verdicts[entry_id, audience] = _verdict(stored[entry_id], decision, now, closes)
    return verdicts


def _integrity(
    patient: StoredPatient, entry_id: EntryId, subject: Subject, ruleset: Ruleset
) -> Integrity:
    stored, settings = subject.stored, ruleset.settings
    hint = settings.switches.text_hints and find_hint(
        settings.hint_phrases, patient.bodies[entry_id]
    )
    return Integrity(stored.conflict, stored.body_mismatch, stored.gone_at_source, text_hint=hint)


def _verdict(
    subject: Subject, decision: Decision, now: datetime, closes: datetime | None
) -> Verdict:
    return Verdict(
        stored=subject.stored,
        decision=decision,
        decided_under=-1,
        decided_at=now,
        caused_at=now,
        previous=subject.current.get(decision.audience),
        valid_until=closes if decision.released else None,
    )


def _changes(new: Verdict, old: Verdict | None) -> Iterator[tuple[Change, str]]:
    before, after = new.previous, new.decision
    was_released = before is not None and before.released
    was_held = before is not None and before.outcome == Outcome.HELD
    is_held = after.outcome is Outcome.HELD
    former_reason = (before and before.headline) or NO_REASON
    new_reason = str(after.headline or NO_REASON)
    if after.released and not was_released:
        yield Change.APPEARS, former_reason
    if was_released and not after.released:
        yield Change.DISAPPEARS, new_reason
    if is_held and not was_held:
        yield Change.JOINS_QUEUE, new_reason
    if was_held and not is_held:
        yield Change.LEAVES_QUEUE, former_reason
    if _released_anew(new) and _shows_otherwise(new, old):
        yield Change.SHOWN_OTHERWISE, new_reason
    if is_held and (
        _released_by_review(old.decision)
        if old
        else was_released and former_reason == Reason.REVIEWED
    ):
        yield Change.REVIEW_LOST, new_reason


def _released_anew(verdict: Verdict) -> bool:
    """True for an entry released before and after, but not in the very same way."""
    before = verdict.previous
    return before is not None and before.released and verdict.decision.released and verdict.changed


def _shows_otherwise(new: Verdict, old: Verdict | None) -> bool:
    """SAFETY: what cannot be worked out anew to the letter may have been shown in any way, so it counts as changed."""
    if old is None or old.changed:
        return True
    return (old.decision.drop, old.decision.pointers) != (new.decision.drop, new.decision.pointers)


def _released_by_review(decision: Decision) -> bool:
    """True when the entry is released because of a review."""
    return any(
        o.reason is Reason.REVIEWED and o.outcome is Outcome.RELEASED for o in decision.objections
    )
