"""Section 2, ties: of two statements that count from one instant the more restrictive wins.

Each function turns a statement into a key; the greater key is the more restrictive statement.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

LEVELS = ("none", "summary", "detailed", "documents", "full")
_KINDS = ("regular", "temporary", "other", "unknown")
_VERIFICATIONS = ("verified", "unverified", "unknown")

Key = tuple[Any, ...]


def registration_strictness(stated: Mapping[str, Any]) -> Key:
    """The later in kind, the later in verification, later `registered_on`, later `birth_date`."""
    return (
        _KINDS.index(stated["registration"]),
        _VERIFICATIONS.index(stated["verification"]),
        _day(stated["registered_on"]),
        _day(stated["birth_date"]),
    )


def access_strictness(stated: Mapping[str, Any]) -> Key:
    """Lower level, less history, later `effective_from`, no practice grant before one, later grant day."""
    grant_from = stated["practice_grant_from"]
    return (
        -LEVELS.index(stated["level"]),
        _history_strictness(stated["historic"]),
        _day(stated["effective_from"]),
        grant_from is None,
        _day(grant_from),
    )


def area_strictness(stated: Mapping[str, Any]) -> Key:
    """Not shown before shown."""
    return (not stated["shown"],)


def grant_strictness(stated: Mapping[str, Any]) -> Key:
    """Lower level, less history, later `granted_on`, earlier `until`, smaller `renewed_at_age`, greater practice."""
    until = date.max if stated["until"] is None else date.fromisoformat(stated["until"])
    renewed = stated["renewed_at_age"]
    return (
        -LEVELS.index(stated["level"]),
        _history_strictness(stated["historic"]),
        _day(stated["granted_on"]),
        -until.toordinal(),
        -(renewed or 0),
        renewed is None,
        stated["practice"],
    )


def _history_strictness(historic: Mapping[str, Any] | None) -> Key:
    """None at all before some, lower level, unchecked, later `since` (none is earliest)."""
    if historic is None:
        return (1,)
    return (0, -LEVELS.index(historic["level"]), not historic["checked"], _day(historic["since"]))


def _day(text: str | None) -> date:
    return date.min if text is None else date.fromisoformat(text)
