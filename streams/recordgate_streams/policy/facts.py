"""What is known of a patient, folded from controls so that their arrival order does not matter.

Each fact keeps the latest instant at which it was said; a tie goes to the more restrictive value. So any order of the
same controls folds to the same Facts. Stored by the ledger as JSON, one row a patient.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from recordgate_schemas.control import (
    Historic,
    Level,
    NumberSide,
    RegistrationKind,
    Verification,
)
from recordgate_schemas.values import GrantId, OdsCode


@dataclass(frozen=True, slots=True)
class Switch:
    """A fact that is on or off: the latest instants of either. Never said means off."""

    on: datetime | None = None
    off: datetime | None = None

    def set(self, at: datetime, *, on: bool) -> "Switch":
        """Return the switch after hearing `on` or off at an instant."""
        return (
            replace(self, on=_later(self.on, at)) if on else replace(self, off=_later(self.off, at))
        )

    @property
    def is_on(self) -> bool:
        """On, when said on at least as late as off."""
        return self.on is not None and (self.off is None or self.on >= self.off)


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration at one practice; `left_on` is the latest day the patient left it."""

    practice: OdsCode
    at: datetime
    registered_on: date | None = None
    birth_date: date | None = None
    kind: RegistrationKind = RegistrationKind.UNKNOWN
    verification: Verification = Verification.UNKNOWN
    left_on: date | None = None

    @property
    def has_left(self) -> bool:
        """True when the patient left on or after the day of registration."""
        return self.left_on is not None and (
            self.registered_on is None or self.left_on >= self.registered_on
        )


@dataclass(frozen=True, slots=True)
class Access:
    """The level a practice set for its patient."""

    practice: OdsCode
    at: datetime
    level: Level
    effective_from: date | None
    historic: Historic | None
    practice_grant_from: date | None


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy grant, as last granted."""

    grant_id: GrantId
    at: datetime
    practice: OdsCode
    level: Level
    granted_on: date
    until: date | None
    historic: Historic | None
    renewed_at_age: int | None


@dataclass(frozen=True, slots=True)
class ProxyEnd:
    """The latest instant at which a proxy grant was said to have ended."""

    grant_id: GrantId
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one patient. `registrations` and `access` hold one item a practice."""

    registrations: tuple[Registration, ...] = ()
    access: tuple[Access, ...] = ()
    declined: Switch = field(default_factory=Switch)
    review_needed: Switch = field(default_factory=Switch)
    suspended: Switch = field(default_factory=Switch)
    s_flag: Switch = field(default_factory=Switch)
    died: bool = False
    number_changed: tuple[NumberSide, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    proxy_ends: tuple[ProxyEnd, ...] = ()
    unreadable_at: int = -1
    confirmed_through: int = -1

    @property
    def unreadable(self) -> bool:
        """True while a control that could not be read has not been repaired."""
        return self.unreadable_at > self.confirmed_through

    def current_registration(self) -> Registration | None:
        """Return the newest registration; None when there is none or two claim the same day."""
        known = [r for r in self.registrations if r.registered_on is not None]
        newest = max((r.registered_on for r in known if r.registered_on), default=None)
        current = [r for r in known if r.registered_on == newest]
        return current[0] if len(current) == 1 else None

    def proxy_ended_at(self, grant_id: GrantId) -> datetime | None:
        """Return when a grant was last said to have ended, if ever."""
        return next((end.at for end in self.proxy_ends if end.grant_id == grant_id), None)

    def access_at(self, practice: OdsCode) -> Access | None:
        """Return the level set at a practice, if any."""
        return next((a for a in self.access if a.practice == practice), None)


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
