"""What controls have said of one entry: hides by cause, reviewers' outcomes, absence from a snapshot."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

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
    role: str
    opinion_on: date | None


@dataclass(frozen=True, slots=True)
class Hide:
    """One cause of hiding the entry, on or off. `related`: all relatives that hides of this cause ever named."""

    cause: HideCause
    switch: Switch
    related: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """All that was said of one entry. `hides` holds one item a cause, `reviews` one an audience and action."""

    hides: tuple[Hide, ...] = ()
    reviews: tuple[Review, ...] = ()

    def hidden_for(self) -> tuple[HideCause, ...]:
        """Return the causes that hide the entry now."""
        return tuple(hide.cause for hide in self.hides if hide.switch.is_on)

    def related(self) -> frozenset[EntryId]:
        """Return the relatives named by the hides in force."""
        return frozenset(e for hide in self.hides if hide.switch.is_on for e in hide.related)

    def review_for(self, audience: Audience, is_about: Callable[[Review], bool]) -> Review | None:
        """Return the outcome in force for an audience, if any. `is_about`: whether one is about the standing content.

        A release lifts a withholding only if it is about this content and its reviewer had seen the withholding: until
        reviewers who disagree have settled, the more restrictive one stands (golden row 96).
        """
        found = {review.action: review for review in self.reviews if review.audience == audience}
        withheld, released = found.get(ReviewAction.WITHHOLD), found.get(ReviewAction.RELEASE)
        if withheld is None or released is None:
            return withheld or released
        settled = released.at > withheld.at and released.seen_at >= withheld.position
        return released if settled and is_about(released) else withheld


def mark(
    marks: Marks, change: EntryHidden | EntryShown | Reviewed, at: datetime, position: int
) -> Marks:
    """Return the marks after the control at a position about this entry; order of controls does not matter."""
    if isinstance(change, Reviewed):
        return _review(marks, change, at, position)
    hides = {hide.cause: hide for hide in marks.hides}
    known = hides.get(change.cause, Hide(change.cause, Switch()))
    hiding = isinstance(change, EntryHidden)
    related = {*known.related, *(change.related if isinstance(change, EntryHidden) else ())}
    hides[change.cause] = Hide(
        change.cause, known.switch.set(at, on=hiding), tuple(sorted(related))
    )
    return replace(marks, hides=tuple(hides[cause] for cause in sorted(hides)))


def has_no_opinion(change: Reviewed) -> bool:
    """True for a withholding on grounds of serious harm that names no clinician's opinion: it does not count.

    The opinion of an appropriate health professional is what the exemption rests on (DPA 2018 Sch 3 para 6).
    """
    harm = change.ground is ReviewGround.SERIOUS_HARM and change.action is ReviewAction.WITHHOLD
    return harm and change.clinician_opinion_on is None


def _review(marks: Marks, change: Reviewed, at: datetime, position: int) -> Marks:
    if has_no_opinion(change):
        return marks
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
        change.reviewer_role,
        change.clinician_opinion_on,
    )
    known = {(review.audience, review.action): review for review in marks.reviews}
    key = (said.audience, said.action)
    known[key] = max(said, known.get(key, said), key=lambda review: (review.at, repr(review)))
    return replace(marks, reviews=tuple(known[key] for key in sorted(known)))
