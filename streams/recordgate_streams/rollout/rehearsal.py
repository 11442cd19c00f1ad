"""What a ruleset would change about one patient, had it been in force: decided anew in memory and compared. Pure.

RULE_CHANGE is left out: it is added to entries that are held anyway, and changes no outcome and no headline.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import Audience, EntryId, OdsCode
from recordgate_streams.bodies.hints import find_hint
from recordgate_streams.decider.history import audiences
from recordgate_streams.decider.timers import closes_at
from recordgate_streams.decider.whole import Whole, decide_whole, with_all_signals
from recordgate_streams.lanes.outcome import Verdict
from recordgate_streams.ledger.rows import Subject
from recordgate_streams.policy.audience import stand
from recordgate_streams.policy.decision import Decision, Integrity
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import Marks
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
class Trial:
    """The ruleset on trial, the one in force (None when this program cannot run it), and the instant of it all."""

    new: Ruleset
    old: Ruleset | None
    now: datetime


@dataclass(frozen=True, slots=True)
class PatientOnTrial:
    """Everything stored about one patient. `bodies`: only when a ruleset looks for hints in them."""

    facts: Facts
    subjects: Sequence[Subject]
    marks: Mapping[EntryId, Marks]
    bodies: Mapping[EntryId, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """One change: the entry, its practice, and the headline that explains it.

    That is the new headline, but for what appears or leaves the queue the one that stood in the way.
    """

    change: Change
    entry_id: EntryId
    practice: OdsCode
    reason: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One patient's trial: decisions made, how many release now, and what would change."""

    decisions: int
    released: int
    found: tuple[Found, ...]


def try_on(patient: PatientOnTrial, trial: Trial) -> Tried:
    """Decide all of a patient's entries for every audience under the ruleset on trial and compare."""
    new = _verdicts(patient, trial.new, trial.now)
    reviewed = any(marks.reviews for marks in patient.marks.values())
    old: Verdicts = {}
    if trial.old and (reviewed or any(map(_told_again, new.values()))):
        old = _verdicts(patient, trial.old, trial.now)
    found = tuple(
        Found(change, place[0], verdict.stored.entry.practice, reason)
        for place, verdict in new.items()
        for change, reason in _changes(verdict, old.get(place))
    )
    released = sum(v.previous is not None and v.previous.released for v in new.values())
    return Tried(len(new), released, found)


def _verdicts(patient: PatientOnTrial, ruleset: Ruleset, now: datetime) -> Verdicts:
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
    patient: PatientOnTrial, entry_id: EntryId, subject: Subject, ruleset: Ruleset
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
    stood = (before and before.headline) or NO_REASON
    stands = str(after.headline or NO_REASON)
    if after.released and not was_released:
        yield Change.APPEARS, stood
    if was_released and not after.released:
        yield Change.DISAPPEARS, stands
    if is_held and not was_held:
        yield Change.JOINS_QUEUE, stands
    if was_held and not is_held:
        yield Change.LEAVES_QUEUE, stood
    if _told_again(new) and _shows_otherwise(new, old):
        yield Change.SHOWN_OTHERWISE, stands
    if is_held and (_lifted(old.decision) if old else was_released and stood == Reason.REVIEWED):
        yield Change.REVIEW_LOST, stands


def _told_again(verdict: Verdict) -> bool:
    """Released before and after, and not in the very same way."""
    before = verdict.previous
    return before is not None and before.released and verdict.decision.released and verdict.changed


def _shows_otherwise(new: Verdict, old: Verdict | None) -> bool:
    """SAFETY: what cannot be worked out anew to the letter may have been shown in any way, so it counts as changed."""
    if old is None or old.changed:
        return True
    return (old.decision.drop, old.decision.pointers) != (new.decision.drop, new.decision.pointers)


def _lifted(decision: Decision) -> bool:
    """True when a reviewer's release is what lets the entry through."""
    return any(
        o.reason is Reason.REVIEWED and o.outcome is Outcome.RELEASED for o in decision.objections
    )
