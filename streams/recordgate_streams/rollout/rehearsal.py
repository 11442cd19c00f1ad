"""What a ruleset would change about one patient, had it been in force: decided anew in memory and compared. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import Audience, EntryId, OdsCode
from recordgate_streams.bodies.hints import find_hint
from recordgate_streams.decider.decide import decide_patient
from recordgate_streams.decider.record import (
    AcceptedEntry,
    CurrentDecision,
    DecisionUpdate,
    EntryAudience,
    PatientRecord,
)
from recordgate_streams.policy.decision import Decision
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.statements import EntryStatements
from recordgate_streams.ruleset import Ruleset

NO_REASON = "-"
Updates = Mapping[tuple[EntryId, Audience], DecisionUpdate]


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
    entries: Sequence[AcceptedEntry]
    statements: Mapping[EntryId, EntryStatements]
    in_force: Mapping[EntryAudience, CurrentDecision]
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
    new = _updates(patient, trial.new, trial.now)
    reviewed = any(stated.reviews for stated in patient.statements.values())
    old: Updates = {}
    if trial.old and (reviewed or any(map(_told_again, new.values()))):
        old = _updates(patient, trial.old, trial.now)
    found = tuple(
        Found(change, place[0], update.accepted.entry.practice, reason)
        for place, update in new.items()
        for change, reason in _changes(update, old.get(place))
    )
    released = sum(v.previous is not None and v.previous.released for v in new.values())
    return Tried(len(new), released, found)


def _updates(patient: PatientOnTrial, ruleset: Ruleset, now: datetime) -> Updates:
    entries = {
        accepted.entry.entry_id: _with_hint(patient, accepted, ruleset)
        for accepted in patient.entries
    }
    record = PatientRecord(patient.facts, entries, patient.statements, patient.in_force)
    return decide_patient(record, ruleset, now).updates


def _with_hint(patient: PatientOnTrial, accepted: AcceptedEntry, ruleset: Ruleset) -> AcceptedEntry:
    settings = ruleset.settings
    if not settings.switches.text_hints:
        return accepted
    hint = find_hint(settings.hint_phrases, patient.bodies[accepted.entry.entry_id])
    return replace(accepted, integrity=replace(accepted.integrity, text_hint=hint))


def _changes(new: DecisionUpdate, old: DecisionUpdate | None) -> Iterator[tuple[Change, str]]:
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


def _told_again(update: DecisionUpdate) -> bool:
    """Released before and after, and not in the very same way."""
    before = update.previous
    return before is not None and before.released and update.decision.released and update.changed


def _shows_otherwise(new: DecisionUpdate, old: DecisionUpdate | None) -> bool:
    """SAFETY: what cannot be worked out anew to the letter may have been shown in any way, so it counts as changed."""
    if old is None or old.changed:
        return True
    return (old.decision.drop, old.decision.pointers) != (new.decision.drop, new.decision.pointers)


def _lifted(decision: Decision) -> bool:
    """True when a reviewer's release is what lets the entry through."""
    return any(
        o.reason is Reason.REVIEWED and o.outcome is Outcome.RELEASED for o in decision.objections
    )
