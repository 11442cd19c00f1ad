"""Who may say what: which controls count without a signature, and for which practice a signed one speaks.

A publisher says by itself what its own record says. Whatever can open something beyond that carries the signature of
the service that made it (ADR 17). SAFETY: a change that is not in the table must be signed, for every practice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

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
    NhsNumberChanged,
    ProxyEnded,
    ProxyGranted,
    ProxyUsed,
    RecordSnapshot,
    Registered,
    Reviewed,
    SensitivityFlagged,
    StateConfirmed,
)
from recordgate_schemas.values import OdsCode


class Signed(StrEnum):
    """When a change needs a signature to count."""

    NEVER = "never"
    IF_HISTORIC = "if it gives historic access"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Authority:
    """Who says a change, when that must be signed, and why."""

    by: str
    signed: Signed
    why: str


_PRACTICE = "the practice's system"
AUTHORITY: Final[Mapping[type, Authority]] = MappingProxyType(
    {
        Registered: Authority(_PRACTICE, Signed.NEVER, "its own register"),
        Deregistered: Authority(_PRACTICE, Signed.NEVER, "only closes"),
        AccessLevelSet: Authority(
            _PRACTICE,
            Signed.IF_HISTORIC,
            "the level is in its own record; historic access opens the past, which somebody checked first",
        ),
        AccessDeclined: Authority(_PRACTICE, Signed.NEVER, "only closes"),
        AccessOptedIn: Authority(
            _PRACTICE, Signed.NEVER, "its own record; what lies between stays out"
        ),
        AccessReviewCoded: Authority(_PRACTICE, Signed.NEVER, "a code in its own record"),
        AccessSuspended: Authority(_PRACTICE, Signed.NEVER, "only closes"),
        AccessResumed: Authority(_PRACTICE, Signed.NEVER, "ends what the same record suspended"),
        SensitivityFlagged: Authority(
            "the demographics service, through the practice's system",
            Signed.NEVER,
            "copied from the patient's demographics",
        ),
        Died: Authority(_PRACTICE, Signed.NEVER, "only closes"),
        NhsNumberChanged: Authority(_PRACTICE, Signed.NEVER, "only closes and holds"),
        ProxyGranted: Authority(
            _PRACTICE,
            Signed.IF_HISTORIC,
            "the grant is in its own record; historic access opens the past",
        ),
        ProxyEnded: Authority(_PRACTICE, Signed.NEVER, "only closes"),
        EntryHidden: Authority(
            "anybody who may publish",
            Signed.NEVER,
            "only closes; of a version it counts unless the entry's id names another source",
        ),
        EntryShown: Authority(
            "a person, through an operator's service",
            Signed.ALWAYS,
            "opens what was hidden; a publisher opens its own entry with a newer version",
        ),
        RecordSnapshot: Authority(_PRACTICE, Signed.NEVER, "the list of its own record"),
        Reviewed: Authority(
            "the review service",
            Signed.ALWAYS,
            "a release opens; a withholding takes the place of an earlier one and closes to a review",
        ),
        StateConfirmed: Authority(
            "an operator", Signed.ALWAYS, "ends a hold of everything about the patient"
        ),
        AreaSet: Authority(_PRACTICE, Signed.NEVER, "a setting in its own record"),
        AccountChanged: Authority(
            "the practice's system", Signed.NEVER, "opens nothing: it lifts no suspension"
        ),
        ProxyUsed: Authority("the patient site", Signed.NEVER, "keeps a grant in use; gives none"),
    }
)
"""One line for each change. docs/reference/controls.md is made from it."""


def must_be_signed(change: Change) -> bool:
    """Return whether a change counts only with the signature of a service."""
    known = AUTHORITY.get(type(change))
    match known.signed if known else Signed.ALWAYS:
        case Signed.NEVER:
            return False
        case Signed.IF_HISTORIC:
            return getattr(change, "historic", None) is not None
        case Signed.ALWAYS:
            return True


def practice_of(change: Change) -> OdsCode | None:
    """Return the practice that the signer must speak for; None when it must speak for all of them."""
    if isinstance(change, AccessLevelSet | ProxyGranted | Reviewed):
        return change.practice
    return None
