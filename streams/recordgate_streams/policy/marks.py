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
from recordgate_schemas.values import Audience, EntryId
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
    """One cause of hiding, on or off. `root`: the entry the hide named, None for this entry itself.

    `related`: on the named entry, the relatives that any hide of this cause took with it.
    """

    cause: HideCause
    switch: Switch
    root: EntryId | None = None
    related: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """All that was said of one entry. `hides` holds one item a cause and root, `reviews` one an audience."""

    hides: tuple[Hide, ...] = ()
    reviews: tuple[Review, ...] = ()

    def hidden_for(self) -> tuple[HideCause, ...]:
        """Return the causes that hide the entry now."""
        return tuple(dict.fromkeys(hide.cause for hide in self.hides if hide.switch.is_on))

    def review_for(self, audience: Audience) -> Review | None:
        """Return the reviewer's outcome for an audience, if any."""
        return next((review for review in self.reviews if review.audience == audience), None)


def mark(marks: Marks, change: EntryHidden | EntryShown | Reviewed, at: datetime) -> Marks:
    """Return the marks after a control about this entry; order of controls does not matter."""
    if isinstance(change, Reviewed):
        return _review(marks, change, at)
    known = own_hide(marks, change.cause)
    hiding = isinstance(change, EntryHidden)
    related = {*known.related, *(change.related if isinstance(change, EntryHidden) else ())}
    switch = known.switch.set(at, on=hiding)
    return _put(marks, Hide(change.cause, switch, None, tuple(sorted(related))))


def own_hide(marks: Marks, cause: HideCause) -> Hide:
    """Return the hide of a cause that names this entry, off and without relatives if there is none."""
    own = (hide for hide in marks.hides if hide.cause is cause and hide.root is None)
    return next(own, Hide(cause, Switch()))


def follow(marks: Marks, root: EntryId, hide: Hide) -> Marks:
    """Return a relative's marks after a hide of its root: hidden with it, and lifted with it."""
    return _put(marks, Hide(hide.cause, hide.switch, root))


def _put(marks: Marks, new: Hide) -> Marks:
    kept = {(hide.cause, hide.root or ""): hide for hide in marks.hides}
    kept[new.cause, new.root or ""] = new
    return replace(marks, hides=tuple(kept[key] for key in sorted(kept)))


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
