"""Section 6, and the pointers of section 5: the outcome, and what a release drops."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from recordgate_audit.model.history import Entry
from recordgate_audit.model.question import (
    DEFERRED,
    HELD,
    NOT_ELIGIBLE,
    RELEASED,
    RELEASED_REDACTED,
    WITHHELD,
    Asked,
)

INTEGRITY = (
    "IDENTITY",
    "CONFLICT",
    "WRONG_PATIENT",
    "STATE_UNKNOWN",
    "BODY_MISMATCH",
    "ENGINE_ERROR",
)
SHOWN = (RELEASED, RELEASED_REDACTED)
_PRECEDENCE = (NOT_ELIGIBLE, WITHHELD, DEFERRED, HELD, RELEASED_REDACTED)


class Judgement(NamedTuple):
    """What has to come out for one entry and audience."""

    outcome: str
    reasons: frozenset[tuple[str, str]]
    """Each reason with the outcome it asks for."""
    drops: frozenset[str]
    """JSON pointers of what a release leaves out."""


def outcome_of(found: Collection[Asked]) -> str:
    """Return the first outcome that any reason asks for."""
    if any(asked.outcome == HELD and asked.reason in INTEGRITY for asked in found):
        return HELD
    for outcome in _PRECEDENCE:
        if any(asked.outcome == outcome for asked in found):
            return outcome
    return RELEASED


def judgement(entry: Entry, found: Sequence[Asked], outcomes: Mapping[str, str]) -> Judgement:
    """Return the judgement of an entry, given the outcomes of all entries before their pointers were looked at."""
    outcome = outcome_of(found)
    asked = {(one.reason, one.outcome) for one in found}
    if outcome not in SHOWN:
        return Judgement(outcome, frozenset(asked), frozenset())
    drops, dangling = _dropped(entry, found), _dangling(entry, outcomes)
    if dangling:
        asked.add(("POINTERS_DROPPED", RELEASED_REDACTED))
        outcome = RELEASED_REDACTED
    return Judgement(outcome, frozenset(asked), frozenset(drops | dangling))


def _dropped(entry: Entry, found: Sequence[Asked]) -> set[str]:
    dropped_kinds = {
        kind
        for kind, reason in (
            ("free_text", "FREE_TEXT_DROPPED"),
            ("attachment", "ATTACHMENT_DROPPED"),
        )
        if any(asked.reason == reason for asked in found)
    }
    dropped_kinds |= {kind for asked in found for kind in asked.leaves_out}
    return {element.pointer for element in entry.elements if element.kind in dropped_kinds}


def _dangling(entry: Entry, outcomes: Mapping[str, str]) -> set[str]:
    """Pointers to another entry that this audience is not shown, or that has not arrived."""
    return {
        element.pointer
        for element in entry.elements
        if element.entry_id not in (None, entry.entry_id)
        and outcomes.get(element.entry_id or "") not in SHOWN
    }
