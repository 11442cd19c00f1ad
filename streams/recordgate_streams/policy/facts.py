"""What is known of a patient, folded from controls and signals so that their arrival order does not matter.

Each fact keeps the latest instant at which it was stated; a tie goes to the more restrictive value. So any order of the
same controls folds to the same Facts. Stored by the ledger as JSON, one row a patient.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from recordgate_schemas.control import (
    Historic,
    Level,
    NumberSide,
    RegistrationKind,
    Verification,
)
from recordgate_schemas.entry import Kind
from recordgate_schemas.values import (
    PROXY_PREFIX,
    SELF,
    Audience,
    EntryId,
    GrantId,
    OdsCode,
    proxy,
)
from recordgate_streams.policy.settings import Signal


@dataclass(frozen=True, slots=True)
class Switch:
    """A fact that is on or off: the latest instants of either. Off when it was never stated."""

    on: datetime | None = None
    off: datetime | None = None

    def set(self, at: datetime, *, on: bool) -> "Switch":
        """Return the switch after a statement of on or off at an instant."""
        return (
            replace(self, on=_later(self.on, at)) if on else replace(self, off=_later(self.off, at))
        )

    @property
    def is_on(self) -> bool:
        """True when it was stated to be on no earlier than off."""
        return self.on is not None and (self.off is None or self.on >= self.off)


@dataclass(frozen=True, slots=True)
class Course:
    """A fact whose beginning matters: every instant at which it was stated to be on, and off."""

    on: tuple[datetime, ...] = ()
    off: tuple[datetime, ...] = ()

    def set(self, at: datetime, *, on: bool) -> "Course":
        """Return the course after a statement of on or off at an instant."""
        if on:
            return replace(self, on=_with(self.on, at))
        return replace(self, off=_with(self.off, at))

    @property
    def is_on(self) -> bool:
        """True when it was stated to be on no earlier than off."""
        return bool(self.on) and (not self.off or self.on[-1] >= self.off[-1])

    @property
    def on_since(self) -> datetime | None:
        """While on, the first such statement since the latest off; a repetition moves nothing. None while off."""
        if not self.is_on:
            return None
        return next(at for at in self.on if not self.off or at >= self.off[-1])

    @property
    def off_since(self) -> datetime | None:
        """While off again, the first such statement since the latest on. None while on, or if it was never on."""
        if not self.on or self.is_on:
            return None
        return next(at for at in self.off if at > self.on[-1])


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
    """The level a practice set for its patient at an instant."""

    practice: OdsCode
    at: datetime
    level: Level
    effective_from: date | None
    historic: Historic | None
    practice_grant_from: date | None


@dataclass(frozen=True, slots=True)
class Area:
    """Whether entries of a kind are shown to this patient, as a practice last stated."""

    practice: OdsCode
    kind: Kind
    at: datetime
    shown: bool


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
class GrantInstant:
    """The latest instant at which a grant was stated to have ended, or to have been used."""

    grant_id: GrantId
    at: datetime


OfGrant = TypeVar("OfGrant", Proxy, GrantInstant)


@dataclass(frozen=True, slots=True)
class PatientSignal:
    """What an entry's codes state about the whole patient, and the instant it counts from."""

    entry_id: EntryId
    signal: Signal
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one patient. `registrations` hold one item a practice, `access` one a practice and instant.

    Positions are offsets of the patient's partition of `controls`; -1 means none.
    """

    registrations: tuple[Registration, ...] = ()
    access: tuple[Access, ...] = ()
    areas: tuple[Area, ...] = ()
    declined: Course = field(default_factory=Course)
    review_needed: Course = field(default_factory=Course)
    suspended: Switch = field(default_factory=Switch)
    s_flag: Switch = field(default_factory=Switch)
    unlinked: Switch = field(default_factory=Switch)
    died: bool = False
    number_changed: tuple[NumberSide, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    proxy_ends: tuple[GrantInstant, ...] = ()
    proxy_uses: tuple[GrantInstant, ...] = ()
    signals: tuple[PatientSignal, ...] = ()
    unreadable_at: int = -1
    confirmed_through: int = -1

    @property
    def unreadable(self) -> bool:
        """True while a control that could not be read has not been repaired."""
        return self.unreadable_at > self.confirmed_through

    @property
    def account_linked(self) -> bool:
        """True when an account was linked later than any was closed."""
        return self.unlinked.off is not None and not self.unlinked.is_on

    def current_registration(self) -> Registration | None:
        """Return the newest registration; None when there is none or several claim the same day.

        Of several that begin on one day those count that the patient has not left.
        """
        known = [r for r in self.registrations if r.registered_on is not None]
        if len(known) <= 1:
            return known[0] if known else None
        newest = max(r.registered_on for r in known if r.registered_on)
        current = [r for r in known if r.registered_on == newest]
        if len(current) > 1:
            current = [r for r in current if not r.has_left]
        return current[0] if len(current) == 1 else None

    def access_at(self, practice: OdsCode) -> Access | None:
        """Return the level last set at a practice, if any."""
        return next((a for a in reversed(self.access) if a.practice == practice), None)

    def audiences(self) -> tuple[Audience, ...]:
        """Return `self` and every grant ever given: a grant that ended still has to be closed."""
        return (SELF, *(proxy(grant.grant_id) for grant in self.proxies))

    def grant(self, audience: Audience) -> Proxy | None:
        """Return the grant that a proxy reads under; None for the patient, and for a grant never heard of."""
        return (
            _of_grant(self.proxies, audience.removeprefix(PROXY_PREFIX))
            if audience != SELF
            else None
        )

    def with_signals(
        self, entry_ids: Collection[EntryId], signals: Iterable[PatientSignal]
    ) -> "Facts":
        """Return the facts with these signals in place of the former ones of the entries named."""
        others = (one for one in self.signals if one.entry_id not in entry_ids)
        found = tuple(sorted((*others, *signals), key=lambda one: (one.entry_id, one.signal)))
        return self if found == self.signals else replace(self, signals=found)

    def course(self, known: Course, on: Signal, off: Signal | None = None) -> Course:
        """Return a course together with what signals say of it."""
        for one in self.signals:
            if one.signal in (on, off):
                known = known.set(one.at, on=one.signal is on)
        return known

    def latest(self, signal: Signal) -> datetime | None:
        """Return the latest instant of a signal, if any entry gives it."""
        return max((one.at for one in self.signals if one.signal is signal), default=None)


def latest_of(instants: tuple[GrantInstant, ...], grant_id: GrantId) -> datetime | None:
    """Return the latest such instant of a grant, if there is one."""
    found = _of_grant(instants, grant_id)
    return found.at if found else None


def _of_grant(items: tuple[OfGrant, ...], grant_id: str) -> OfGrant | None:
    """Return the item about a grant. Items are in order of their grants, as folding leaves them."""
    place = bisect_left(items, grant_id, key=_grant_id)
    found = items[place] if place < len(items) else None
    return found if found is not None and found.grant_id == grant_id else None


def _grant_id(one: Proxy | GrantInstant) -> str:
    return one.grant_id


def _with(instants: tuple[datetime, ...], at: datetime) -> tuple[datetime, ...]:
    place = bisect_left(instants, at)
    if place < len(instants) and instants[place] == at:
        return instants
    return (*instants[:place], at, *instants[place:])


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
