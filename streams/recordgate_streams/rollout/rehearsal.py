"""What a ruleset would change about one patient, had it been in force: decided again in memory and compared. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId, OdsCode
from recordgate_streams.bodies.hints import has_hint
from recordgate_streams.decider.decide import decide_patient
from recordgate_streams.decider.record import (
    AcceptedEntry,
    DecisionUpdate,
    EntryAudience,
    PatientRecord,
)
from recordgate_streams.ledger.rehearsals import StoredPatient
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import Ruleset

NO_REASON = "-"
Updates = Mapping[EntryAudience, DecisionUpdate]


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
    new = _updates(patient, rulesets.new, rulesets.now)
    reviewed = any(stated.reviews for stated in patient.statements.values())
    old: Updates = {}
    if rulesets.old and (reviewed or any(map(_released_anew, new.values()))):
        old = _updates(patient, rulesets.old, rulesets.now)
    changes = tuple(
        ChangedEntry(change, place[0], update.accepted.entry.practice, reason)
        for place, update in new.items()
        for change, reason in _changes(update, old.get(place))
    )
    released = sum(v.previous is not None and v.previous.released for v in new.values())
    return PatientComparison(len(new), released, changes)


def _updates(patient: StoredPatient, ruleset: Ruleset, now: datetime) -> Updates:
    entries = {e: _with_hint(patient, one, ruleset) for e, one in patient.entries.items()}
    record = PatientRecord(patient.facts, entries, patient.statements, patient.in_force)
    return decide_patient(record, ruleset, now).updates


def _with_hint(patient: StoredPatient, accepted: AcceptedEntry, ruleset: Ruleset) -> AcceptedEntry:
    if not ruleset.settings.switches.text_hints:
        return accepted
    hint = has_hint(ruleset.settings, patient.bodies[accepted.entry.entry_id])
    return replace(accepted, integrity=replace(accepted.integrity, text_hint=hint))


def _changes(new: DecisionUpdate, old: DecisionUpdate | None) -> Iterator[tuple[Change, str]]:
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


def _released_anew(update: DecisionUpdate) -> bool:
    """True for an entry released before and after, but not in the very same way."""
    before = update.previous
    return before is not None and before.released and update.decision.released and update.changed


def _shows_otherwise(new: DecisionUpdate, old: DecisionUpdate | None) -> bool:
    """SAFETY: what cannot be worked out anew to the letter may have been shown in any way, so it counts as changed."""
    if old is None or old.changed:
        return True
    return (old.decision.drop, old.decision.pointers) != (new.decision.drop, new.decision.pointers)


def _released_by_review(decision: Decision) -> bool:
    """True when the entry is released because of a review, in full or with elements dropped."""
    return decision.released and any(o.reason is Reason.REVIEWED for o in decision.objections)
