"""What controls have stated about one entry: persons' and publishers' hides by cause, and reviewers' outcomes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from recordgate_schemas.control import HideCause, ReviewAction, ReviewGround
from recordgate_schemas.entry import ClinicalEntry, ElementKind, SourceVersion
from recordgate_schemas.values import Audience, EntryId, OdsCode
from recordgate_streams.policy.facts import Switch


@dataclass(frozen=True, slots=True)
class HideStatement:
    """A person's hide for one cause, on or off. `related`: every relative that such a hide ever named."""

    cause: HideCause
    switch: Switch
    related: tuple[EntryId, ...] = ()

    def in_force(self, arrived: SourceVersion | None) -> bool:  # noqa: ARG002  whatever has arrived
        """Return whether it hides the entry: until a person shows it again."""
        return self.switch.is_on


@dataclass(frozen=True, slots=True)
class PublishedHide:
    """The greatest version that one source hid for one cause. `related`: every relative that its hides ever named."""

    cause: HideCause
    practice: OdsCode
    system: str
    version: int
    related: tuple[EntryId, ...] = ()

    def in_force(self, arrived: SourceVersion | None) -> bool:
        """Return whether it hides the entry: until the same source has published a greater version.

        SAFETY: versions of different sources are not compared, so no source opens what another one hides.
        """
        return (
            arrived is None
            or (arrived.practice, arrived.system) != (self.practice, self.system)
            or arrived.version <= self.version
        )


def source_version(entry: ClinicalEntry) -> SourceVersion:
    """Return the version that has arrived, as a publisher's hide would name it."""
    return SourceVersion(entry.practice, entry.system, entry.version)


@dataclass(frozen=True, slots=True)
class ReviewStatement:
    """A reviewer's outcome for one audience, bound to the version, the hash and the reasons that were seen.

    `practice`: whose entry it was given for. `position`: of the control that carries it. `seen_at`: the patient's
    control position when the reviewer looked. `leave_out`: the kinds of elements that a release drops.
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
    leave_out: tuple[ElementKind, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryStatements:
    """Everything stated about one entry.

    `hides`: persons' hides, one a cause. `published`: publishers' hides, one a cause and source. `reviews`: one an
    audience, action and practice.
    """

    hides: tuple[HideStatement, ...] = ()
    published: tuple[PublishedHide, ...] = ()
    reviews: tuple[ReviewStatement, ...] = ()

    @property
    def all_hides(self) -> tuple[HideStatement | PublishedHide, ...]:
        """Persons' and publishers' hides, in force or not."""
        return (*self.hides, *self.published)

    def hidden_for(self, arrived: SourceVersion | None) -> frozenset[HideCause]:
        """Return the causes for which the entry is hidden, given the version that has arrived, if any has."""
        return frozenset(hide.cause for hide in self.all_hides if hide.in_force(arrived))

    def related(self, arrived: SourceVersion | None) -> frozenset[EntryId]:
        """Return the relatives named by the hides in force."""
        return frozenset(
            e for hide in self.all_hides if hide.in_force(arrived) for e in hide.related
        )

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
