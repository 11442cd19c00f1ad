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
    """A reviewer's outcome for one audience, bound to version, hash and the reasons that were seen.

    `position`: of the control that brought it; `seen_at`: the patient's control position that the reviewer saw.
    """

    audience: Audience
    at: datetime
    action: ReviewAction
    ground: ReviewGround
    reasons: tuple[str, ...]
    entry_version: int
    body_sha256: bytes
    position: int
    seen_at: int


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
    """All that was said of one entry. `hides` holds one item a cause and root, `reviews` one an audience and action."""

    hides: tuple[Hide, ...] = ()
    reviews: tuple[Review, ...] = ()

    def hidden_for(self) -> tuple[HideCause, ...]:
        """Return the causes that hide the entry now."""
        return tuple(dict.fromkeys(hide.cause for hide in self.hides if hide.switch.is_on))

    def review_for(self, audience: Audience) -> Review | None:
        """Return the outcome in force for an audience, if any.

        A release lifts a withholding only if its reviewer had seen it: until reviewers who disagree have settled, the
        more restrictive one stands (golden row 96).
        """
        found = {review.action: review for review in self.reviews if review.audience == audience}
        withheld, released = found.get(ReviewAction.WITHHOLD), found.get(ReviewAction.RELEASE)
        if withheld is None or released is None:
            return withheld or released
        settled = released.at > withheld.at and released.seen_at >= withheld.position
        return released if settled else withheld


def mark(
    marks: Marks, change: EntryHidden | EntryShown | Reviewed, at: datetime, position: int
) -> Marks:
    """Return the marks after the control at a position about this entry; order of controls does not matter."""
    if isinstance(change, Reviewed):
        return _review(marks, change, at, position)
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


def _review(marks: Marks, change: Reviewed, at: datetime, position: int) -> Marks:
    said = Review(
        change.audience,
        at,
        change.action,
        change.ground,
        change.reasons,
        change.entry_version,
        change.body_sha256,
        position,
        change.control_position,
    )
    known = {(review.audience, review.action): review for review in marks.reviews}
    key = (said.audience, said.action)
    known[key] = max(said, known.get(key, said), key=lambda review: (review.at, repr(review)))
    return replace(marks, reviews=tuple(known[key] for key in sorted(known)))
