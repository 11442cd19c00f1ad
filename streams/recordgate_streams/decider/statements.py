"""Folds controls into the EntryStatements about one entry: hides, and reviewers' outcomes.

Commutative, associative and idempotent, so that the order of arrival does not matter. Tests hold all three.
"""

from bisect import bisect_left
from dataclasses import replace
from datetime import datetime

from recordgate_schemas.control import (
    OPINION_MONTHS,
    Change,
    EntryHidden,
    EntryShown,
    ReviewAction,
    Reviewed,
    ReviewGround,
)
from recordgate_schemas.entry import SourceVersion
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.record import ControlEvent
from recordgate_streams.policy.dates import local_day, months_after
from recordgate_streams.policy.facts import Switch
from recordgate_streams.policy.statements import (
    EntryStatements,
    HideStatement,
    PublishedHide,
    ReviewStatement,
)

FEW = 16
"""Ids up to this number are put in their places one by one."""


def fold_statements(known: EntryStatements, event: ControlEvent, ruleset: str) -> EntryStatements:
    """Return the statements about an entry after a control about it. `ruleset`: hash of the one in force."""
    change = event.control.change if event.control and event.counts else None
    if isinstance(change, Reviewed):
        if is_outdated(change, ruleset) or lacks_opinion(change, event.effective_at):
            return known
        return _fold_review(known, change, event)
    if isinstance(change, EntryHidden | EntryShown):
        return _fold_hide(known, change, event.effective_at)
    return known


def entry_named(change: Change) -> EntryId | None:
    """Return the one entry a control is about; None when it is about the patient."""
    return change.entry_id if isinstance(change, EntryHidden | EntryShown | Reviewed) else None


def is_outdated(change: Reviewed, ruleset: str) -> bool:
    """Return True for a release given under other rules than these. A withholding counts under any rules."""
    return change.action is ReviewAction.RELEASE and change.ruleset != ruleset


def lacks_opinion(change: Reviewed, at: datetime) -> bool:
    """Return True for a withholding for serious harm without a clinician's opinion of the six months before it.

    It does not count. The exemption rests on an opinion of the appropriate health professional (DPA 2018 Sch 3 para 6):
    one that was too old when the reviewer decided, or lies after that day, is none (golden row 94). One that grows old
    later is another matter (golden row 95).
    """
    if change.ground is not ReviewGround.SERIOUS_HARM or change.action is ReviewAction.RELEASE:
        return False
    given, day = change.clinician_opinion_on, local_day(at)
    return given is None or given > day or months_after(given, OPINION_MONTHS) <= day


def _fold_hide(
    known: EntryStatements, change: EntryHidden | EntryShown, at: datetime
) -> EntryStatements:
    if isinstance(change, EntryHidden) and change.source_version is not None:
        return _fold_published(known, change, change.source_version)
    hides = {hide.cause: hide for hide in known.hides}
    before = hides.get(change.cause, HideStatement(change.cause, Switch()))
    hiding = isinstance(change, EntryHidden)
    named = change.related if isinstance(change, EntryHidden) else ()
    switch = before.switch.set(at, on=hiding)
    hides[change.cause] = HideStatement(change.cause, switch, _with(before.related, named))
    return replace(known, hides=tuple(hides[cause] for cause in sorted(hides)))


def _fold_published(
    known: EntryStatements, change: EntryHidden, stated: SourceVersion
) -> EntryStatements:
    """Keep the greatest version: when it was stated does not matter, nor does what came first."""
    published = {(hide.cause, hide.practice, hide.system): hide for hide in known.published}
    key = (change.cause, stated.practice, stated.system)
    before = published.get(key, PublishedHide(*key, stated.version))
    version, related = max(before.version, stated.version), _with(before.related, change.related)
    published[key] = replace(before, version=version, related=related)
    return replace(known, published=tuple(published[key] for key in sorted(published)))


def _with(known: tuple[EntryId, ...], named: tuple[EntryId, ...]) -> tuple[EntryId, ...]:
    """Return ids in order, each once. Those known are in order: a few more do not cost sorting all again."""
    if len(named) > FEW:
        return tuple(sorted({*known, *named}))
    found = list(known)
    for entry_id in named:
        place = bisect_left(found, entry_id)
        if place == len(found) or found[place] != entry_id:
            found.insert(place, entry_id)
    return tuple(found)


def _fold_review(known: EntryStatements, change: Reviewed, event: ControlEvent) -> EntryStatements:
    new = ReviewStatement(
        change.audience,
        change.practice,
        event.effective_at,
        change.action,
        change.ground,
        change.reasons,
        change.entry_version,
        change.body_sha256,
        event.position,
        change.control_position,
        change.reviewer_role,
        change.clinician_opinion_on,
        tuple(sorted(set(change.leave_out))),
    )
    reviews = {_slot(review): review for review in known.reviews}
    key = _slot(new)
    reviews[key] = max(new, reviews.get(key, new), key=lambda review: (review.at, repr(review)))
    return replace(known, reviews=tuple(reviews[key] for key in sorted(reviews)))


def _slot(review: ReviewStatement) -> tuple[str, ...]:
    """What a review takes the place of an earlier one by."""
    return review.audience, review.action, review.practice
