"""Folds controls into a patient's Facts.

Commutative, associative and idempotent, so that the order of arrival does not matter. Tests hold all three.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from recordgate_schemas.control import (
    AccessDeclined,
    AccessLevelSet,
    AccessOptedIn,
    AccessResumed,
    AccessReviewCoded,
    AccessSuspended,
    AccountChanged,
    AreaSet,
    Change,
    Deregistered,
    Died,
    EntryHidden,
    EntryShown,
    Historic,
    Level,
    NhsNumberChanged,
    ProxyEnded,
    ProxyGranted,
    ProxyUsed,
    RecordSnapshot,
    Registered,
    RegistrationKind,
    ReviewCode,
    Reviewed,
    SensitivityFlagged,
    StateConfirmed,
    Verification,
)
from recordgate_schemas.values import GrantId, OdsCode
from recordgate_streams.decider.record import ControlEvent
from recordgate_streams.policy.facts import (
    Access,
    Area,
    Facts,
    GrantInstant,
    Proxy,
    Registration,
)

_LEVELS = list(Level)
_KINDS = list(RegistrationKind)
_VERIFICATIONS = list(Verification)
T = TypeVar("T", Registration, Access, Area, Proxy)
Item = TypeVar("Item", Registration, Access, Area, Proxy, GrantInstant)
_NEVER = datetime.min.replace(tzinfo=UTC)


def fold_facts(facts: Facts, event: ControlEvent) -> Facts:
    """Return the facts after a control.

    SAFETY: a control that cannot be read may have been a hide, so the patient's entries are held until it is repaired.
    A confirmation covers nothing that comes after its own position.
    """
    control, at = event.control, event.effective_at
    if not event.counts:
        return facts
    if control is None:
        return replace(facts, unreadable_at=max(facts.unreadable_at, event.position))
    if isinstance(control.change, StateConfirmed):
        through = min(control.change.through, event.position)
        return replace(facts, confirmed_through=max(facts.confirmed_through, through))
    return _fold(facts, control.change, at)


def _fold(facts: Facts, change: Change, at: datetime) -> Facts:  # noqa: C901, PLR0911, PLR0912  one arm a control
    match change:
        case Registered() | Deregistered():
            return _register(facts, change, at)
        case AccessLevelSet():
            return _set_level(facts, change, at)
        case AccessDeclined() | AccessOptedIn():
            on = isinstance(change, AccessDeclined)
            return replace(facts, declined=facts.declined.set(at, on=on))
        case AreaSet():
            return _set_area(facts, change, at)
        case AccountChanged():
            return replace(facts, unlinked=facts.unlinked.set(at, on=not change.linked))
        case AccessReviewCoded():
            on = change.code is not ReviewCode.NOT_NEEDED_106
            return replace(facts, review_needed=facts.review_needed.set(at, on=on))
        case AccessSuspended() | AccessResumed():
            on = isinstance(change, AccessSuspended)
            return replace(facts, suspended=facts.suspended.set(at, on=on))
        case SensitivityFlagged():
            return replace(facts, s_flag=facts.s_flag.set(at, on=change.flagged))
        case Died():
            return replace(facts, died=True)
        case NhsNumberChanged():
            sides = tuple(sorted({*facts.number_changed, change.side}))
            return replace(facts, number_changed=sides)
        case ProxyGranted():
            return _grant(facts, change, at)
        case ProxyEnded():
            ends = _note(facts.proxy_ends, change.grant_id, at)
            return replace(facts, proxy_ends=ends)
        case ProxyUsed():
            return replace(facts, proxy_uses=_note(facts.proxy_uses, change.grant_id, at))
        case EntryHidden() | EntryShown() | RecordSnapshot() | Reviewed() | StateConfirmed():
            return facts  # the first four are about entries; fold_facts has dealt with the last


def _register(facts: Facts, change: Registered | Deregistered, at: datetime) -> Facts:
    known = _at_practice(facts.registrations, change.practice)
    left_on = known.left_on if known else None
    if isinstance(change, Deregistered):
        base = known or Registration(change.practice, _NEVER)
        new = replace(base, left_on=_latest_day(left_on, change.left_on))
    else:
        new = Registration(
            change.practice,
            at,
            change.registered_on,
            change.birth_date,
            change.registration,
            change.verification,
        )
        winner = new
        if known is not None and known.registered_on is not None:
            winner = _newest(new, replace(known, left_on=None), _stricter_registration)
        new = replace(winner, left_on=left_on)
    return replace(facts, registrations=_put(facts.registrations, new, lambda r: r.practice))


def _set_level(facts: Facts, change: AccessLevelSet, at: datetime) -> Facts:
    new = Access(
        change.practice,
        at,
        change.level,
        change.effective_from,
        change.historic,
        change.practice_grant_from,
    )
    key = _by_practice_and_instant(new)
    known = _find(facts.access, key, _by_practice_and_instant)
    winner = new if known is None else _newest(new, known, _stricter_access)
    return replace(facts, access=_put(facts.access, winner, _by_practice_and_instant))


def _set_area(facts: Facts, change: AreaSet, at: datetime) -> Facts:
    new = Area(change.practice, change.kind, at, change.shown)
    key = (change.practice, change.kind)
    known = _find(facts.areas, key, lambda a: (a.practice, a.kind))
    winner = new if known is None else _newest(new, known, lambda area: (not area.shown,))
    return replace(facts, areas=_put(facts.areas, winner, lambda a: (a.practice, a.kind)))


def _grant(facts: Facts, change: ProxyGranted, at: datetime) -> Facts:
    new = Proxy(
        change.grant_id,
        at,
        change.practice,
        change.level,
        change.granted_on,
        change.until,
        change.historic,
        change.renewed_at_age,
    )
    known = _find(facts.proxies, change.grant_id, lambda p: p.grant_id)
    winner = new if known is None else _newest(new, known, _stricter_grant)
    return replace(facts, proxies=_put(facts.proxies, winner, lambda p: p.grant_id))


def _note(
    known: tuple[GrantInstant, ...], grant_id: GrantId, at: datetime
) -> tuple[GrantInstant, ...]:
    before = _find(known, grant_id, lambda one: one.grant_id)
    latest = max(at, before.at) if before else at
    return _put(known, GrantInstant(grant_id, latest), lambda one: one.grant_id)


def _newest(new: T, known: T, strictness: Callable[[T], tuple[object, ...]]) -> T:
    """The later of two statements; of two at the same instant the stricter one."""
    if new.at != known.at:
        return new if new.at > known.at else known
    return max(new, known, key=strictness)


def _stricter_registration(one: Registration) -> tuple[object, ...]:
    """Orders registrations from loose to strict; every field takes part, so no two different ones are equal."""
    return (
        _KINDS.index(one.kind),
        _VERIFICATIONS.index(one.verification),
        one.registered_on or date.min,
        one.birth_date or date.min,
    )


def _stricter_access(one: Access) -> tuple[object, ...]:
    """Orders levels from loose to strict: a lower level, less history, a later start."""
    return (
        -_LEVELS.index(one.level),
        _stricter_history(one.historic),
        one.effective_from or date.min,
        one.practice_grant_from is None,
        one.practice_grant_from or date.min,
    )


def _stricter_grant(one: Proxy) -> tuple[object, ...]:
    """Orders grants from loose to strict: a lower level, less history, a later start, an earlier end."""
    return (
        -_LEVELS.index(one.level),
        _stricter_history(one.historic),
        one.granted_on,
        -(one.until or date.max).toordinal(),
        -(one.renewed_at_age or 0),
        one.renewed_at_age is None,
        one.practice,
    )


def _stricter_history(one: Historic | None) -> tuple[object, ...]:
    if one is None:
        return (True,)
    return (False, -_LEVELS.index(one.level), not one.checked, one.since or date.min)


def _at_practice(items: tuple[Registration, ...], practice: OdsCode) -> Registration | None:
    return next((item for item in items if item.practice == practice), None)


def _find(items: tuple[Item, ...], wanted: Any, key: Callable[[Item], Any]) -> Item | None:
    """Return the item of that key, if any. Items are in order of their keys, as `_put` leaves them."""
    place = bisect_left(items, wanted, key=key)
    return items[place] if place < len(items) and key(items[place]) == wanted else None


def _put(items: tuple[Item, ...], new: Item, key: Callable[[Item], Any]) -> tuple[Item, ...]:
    """Return the items with a new one in its place, in place of the one of the same key."""
    place = bisect_left(items, key(new), key=key)
    replaces = place < len(items) and key(items[place]) == key(new)
    found = list(items)
    found[place : place + replaces] = [new]
    return tuple(found)


def _latest_day(known: date | None, day: date) -> date:
    return day if known is None else max(known, day)


def _by_practice_and_instant(one: Access) -> tuple[str, datetime]:
    return one.practice, one.at
