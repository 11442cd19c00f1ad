"""Section 2: the facts, as what they are; how they follow from a history stands in `gather`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from recordgate_audit.model.history import Change, Control, Entry


@dataclass(frozen=True, slots=True)
class Registration:
    """The latest that was stated of the patient's registration at one practice."""

    practice: str
    registered_on: date
    birth_date: date
    kind: str
    verification: str
    left_on: date | None

    @property
    def has_left(self) -> bool:
        """Whether the patient has left this practice since."""
        return self.left_on is not None and self.left_on >= self.registered_on


@dataclass(frozen=True, slots=True)
class Grant:
    """A proxy's grant in force, the instant it counts from, and what became of it."""

    grant_id: str
    since: datetime
    change: Change
    ended: bool
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signal:
    """What an entry's code says about the patient."""

    signal: str
    at: datetime
    entry_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What one system of a practice holds for the patient."""

    at: datetime
    entry_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the patient."""

    unreadable: bool
    any_registration: bool
    current: Registration | None
    accesses: Mapping[str, Change]
    """By practice."""
    access_statements: Sequence[Control]
    areas: Mapping[tuple[str, str], bool]
    """Whether shown, by practice and kind."""
    declined: bool
    opted_in_again_at: datetime | None
    review_needed_since: datetime | None
    suspended: bool
    s_flag: bool
    account_linked: bool
    died: bool
    number_sides: frozenset[str]
    grants: Mapping[str, Grant]
    signals: Sequence[Signal]
    hidden: Mapping[tuple[str, str], frozenset[str]]
    """By entry and cause of the hides in force: the ids ever named as related."""
    listings: Mapping[tuple[str, str], Listing]
    """By practice and system."""
    reviews: Sequence[Control]

    def is_hidden(self, entry_id: str, cause: str) -> bool:
        """Whether a hide of this cause is in force."""
        return (entry_id, cause) in self.hidden

    def gone_at_source(self, entry: Entry) -> bool:
        """Whether the latest listing of its system no longer names the entry."""
        listing = self.listings.get((entry.practice, entry.system))
        return (
            listing is not None
            and entry.extracted_at <= listing.at
            and entry.entry_id not in listing.entry_ids
        )
