"""What controls have stated about one entry: hides by cause, and reviewers' outcomes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from recordgate_schemas.control import HideCause, ReviewAction, ReviewGround
from recordgate_schemas.values import Audience, EntryId, OdsCode
from recordgate_streams.policy.facts import Switch


@dataclass(frozen=True, slots=True)
class HideStatement:
    """One cause of hiding the entry, on or off. `related`: every relative that a hide of this cause ever named."""

    cause: HideCause
    switch: Switch
    related: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewStatement:
    """A reviewer's outcome for one audience, bound to the version, the hash and the reasons that were seen.

    `practice`: whose entry it was given for. `position`: of the control that carries it. `seen_at`: the patient's
    control position when the reviewer looked.
    """

    audience: Audience
    practice: OdsCode
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
class EntryStatements:
    """Everything stated about one entry.

    `hides` holds one item per cause, `reviews` one per audience, action and practice.
    """

    hides: tuple[HideStatement, ...] = ()
    reviews: tuple[ReviewStatement, ...] = ()

    def hidden_for(self) -> tuple[HideCause, ...]:
        """Return the causes for which the entry is hidden now."""
        return tuple(hide.cause for hide in self.hides if hide.switch.is_on)

    def related(self) -> frozenset[EntryId]:
        """Return the relatives named by the hides in force."""
        return frozenset(e for hide in self.hides if hide.switch.is_on for e in hide.related)

    def review_for(
        self, audience: Audience, practice: OdsCode, is_about: Callable[[ReviewStatement], bool]
    ) -> ReviewStatement | None:
        """Return the outcome in force of an entry of this practice for an audience, if any.

        `is_about`: whether one is about the current content. A release counts for its own practice's entry. It lifts a
        withholding only if it is about this content and its reviewer had seen the withholding. Until reviewers who
        disagree have settled it, the more restrictive outcome counts (golden row 96).
        """
        found = [review for review in self.reviews if review.audience == audience]
        own = {one.action: one for one in found if one.practice == practice}
        released = own.get(ReviewAction.RELEASE)
        withheld = [one for one in found if one.action is not ReviewAction.RELEASE]
        if released is not None and all(
            released.at > one.at and released.seen_at >= one.position and is_about(released)
            for one in withheld
        ):
            return released
        # SAFETY: an entry that goes on under another practice does not shed what was withheld
        others = max(withheld, key=lambda one: (one.at, repr(one)), default=None)
        return own.get(ReviewAction.WITHHOLD) or others
