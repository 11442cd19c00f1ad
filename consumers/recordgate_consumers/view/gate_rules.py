"""What a control means for the gate: which fences it raises, which closures it sets. Pure, and knows no policy.

SAFETY: only the controls listed in `fences_of` as harmless raise no fence; any other, known or to come, closes the
patient until everything was decided again.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessResumed,
    AccessSuspended,
    AccountChanged,
    AreaSet,
    Change,
    Deregistered,
    Died,
    EntryHidden,
    EntryShown,
    NhsNumberChanged,
    NumberSide,
    ProxyEnded,
    ProxyGranted,
    ProxyUsed,
    Registered,
    ReviewAction,
    Reviewed,
    SensitivityFlagged,
)
from recordgate_schemas.values import SELF, EntryId, proxy

PATIENT = "*"
"""The audience of fences and closures that concern all audiences of a patient."""

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class GateFences:
    """What a control closes until it is decided again: audiences, single entries, or a proxy grant.

    `grant`: harmless when it is the first control about this grant; a later one closes the patient.
    """

    audiences: tuple[str, ...] = ()
    entries: tuple[EntryId, ...] = ()
    grant: str | None = None


@dataclass(frozen=True, slots=True)
class GateClosure:
    """One cause closed an audience, or opened it, at `effective_at`; an open one closes at `expires_at` if given."""

    audience: str
    cause: str
    effective_at: datetime
    closed: bool
    practice: str = ""
    expires_at: datetime | None = None


NO_FENCES = GateFences()
PATIENT_FENCE = GateFences(audiences=(PATIENT,))


def fences_of(change: Change) -> GateFences:
    """Return the fences a control raises at its position."""
    match change:
        case (
            AccessResumed()
            | AccessOptedIn()
            | EntryShown()
            | SensitivityFlagged(flagged=False)
            | AreaSet(shown=True)
            | AccountChanged(linked=True)
            | ProxyUsed()
            | Reviewed(action=ReviewAction.RELEASE)
        ):
            return NO_FENCES
        case ProxyGranted():
            return GateFences(grant=proxy(change.grant_id))
        case ProxyEnded():
            return GateFences(audiences=(proxy(change.grant_id),))
        case EntryHidden():
            # SAFETY: nor does the gate know all relatives; until they are decided again the patient is dark.
            return GateFences(audiences=(PATIENT,), entries=(change.entry_id, *change.related))
        case Reviewed(action=ReviewAction.WITHHOLD):
            return GateFences(audiences=(PATIENT,), entries=(change.entry_id,))
        case _:
            return PATIENT_FENCE


def closure_of(  # noqa: PLR0911  one per cause
    change: Change, effective_at: datetime, published_at: datetime
) -> GateClosure | None:
    """Return the lasting closure a control sets or lifts, if any. No instant is later than the broker's."""
    at = min(effective_at, published_at)
    match change:
        case AccessSuspended() | AccessResumed():
            return GateClosure(PATIENT, "suspended", at, isinstance(change, AccessSuspended))
        case AccessDeclined() | AccessOptedIn():
            return GateClosure(SELF, "declined", at, isinstance(change, AccessDeclined))
        case SensitivityFlagged():
            return GateClosure(PATIENT, "s_flag", at, change.flagged)
        case Died():
            return GateClosure(PATIENT, "died", at, closed=True)
        case NhsNumberChanged(side=NumberSide.OLD):
            return GateClosure(PATIENT, "number_changed", at, closed=True)
        case Registered() | Deregistered():
            return _registration(change, published_at)
        case ProxyEnded():
            return GateClosure(proxy(change.grant_id), "proxy_ended", at, closed=True)
        case ProxyGranted():
            until = None if change.until is None else end_of_day(change.until)
            audience = proxy(change.grant_id)
            return GateClosure(audience, "proxy_ended", at, closed=False, expires_at=until)
        case _:
            return None


def _registration(change: Registered | Deregistered, published_at: datetime) -> GateClosure:
    """A registration counts by its day; a day of leaving closes that practice's registration of the same day."""
    closed = isinstance(change, Deregistered)
    day = change.left_on if isinstance(change, Deregistered) else change.registered_on
    day = min(day, published_at.astimezone(LONDON).date())
    at = datetime.combine(day, time.min, UTC)
    return GateClosure(PATIENT, "registration", at, closed, practice=change.practice)


def end_of_day(day: date) -> datetime | None:
    """Return the instant a day ends in London; None for the last day there is, which means for ever."""
    if day == date.max:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, LONDON).astimezone(UTC)
