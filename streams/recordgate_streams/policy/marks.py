"""What controls have said of one entry: hides by cause, reviewers' outcomes, absence from a snapshot."""

from dataclasses import dataclass, replace
from datetime import datetime

from recordgate_schemas.control import (
    EntryHidden,
    EntryShown,
    HideCause,
    ReviewAction,
    Reviewed,
    ReviewGround,
)
from recordgate_schemas.values import Audience
from recordgate_streams.policy.facts import Switch


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewer's outcome for one audience, bound to version, hash and the reasons that were seen."""

    audience: Audience
    at: datetime
    action: ReviewAction
    ground: ReviewGround
    reasons: tuple[str, ...]
    entry_version: int
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class Hide:
    """One cause of hiding, on or off."""

    cause: HideCause
    switch: Switch


@dataclass(frozen=True, slots=True)
class Marks:
    """All that was said of one entry. `hides` holds one item a cause, `reviews` one an audience."""

    hides: tuple[Hide, ...] = ()
    reviews: tuple[Review, ...] = ()

    def hidden_for(self) -> tuple[HideCause, ...]:
        """Return the causes that hide the entry now."""
        return tuple(hide.cause for hide in self.hides if hide.switch.is_on)

    def review_for(self, audience: Audience) -> Review | None:
        """Return the reviewer's outcome for an audience, if any."""
        return next((review for review in self.reviews if review.audience == audience), None)


def mark(marks: Marks, change: EntryHidden | EntryShown | Reviewed, at: datetime) -> Marks:
    """Return the marks after a control about this entry; order of controls does not matter."""
    if isinstance(change, Reviewed):
        return _review(marks, change, at)
    known = {hide.cause: hide.switch for hide in marks.hides}
    switch = known.get(change.cause, Switch()).set(at, on=isinstance(change, EntryHidden))
    known[change.cause] = switch
    return replace(marks, hides=tuple(Hide(cause, known[cause]) for cause in sorted(known)))


def _review(marks: Marks, change: Reviewed, at: datetime) -> Marks:
    said = Review(
        change.audience,
        at,
        change.action,
        change.ground,
        change.reasons,
        change.entry_version,
        change.body_sha256,
    )
    known = marks.review_for(change.audience)
    winner = said if known is None else max(said, known, key=_rank)
    others = [review for review in marks.reviews if review.audience != change.audience]
    return replace(marks, reviews=tuple(sorted([*others, winner], key=lambda r: r.audience)))


def _rank(review: Review) -> tuple[datetime, bool, str]:
    """Later wins; of two at the same instant the one that withholds (golden row 96)."""
    return (review.at, review.action is ReviewAction.WITHHOLD, repr(review))
