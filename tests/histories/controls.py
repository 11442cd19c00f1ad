"""Random controls of every type, about the same few practices, grants and entries, at the same few instants."""

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.histories.entries import AWAITED, CONTENTS, GRANTS, IDS, KINDS
from tests.histories.rulesets import HELD_REASONS
from tests.histories.times import BIRTH_DATES, DAYS, INSTANTS
from tests.histories.words import (
    A,
    B,
    Event,
    Ruleset,
    access,
    body_hash,
    control,
    granted,
    registered,
    reviewed,
)

LEVELS = ("none", "summary", "detailed", "documents", "full")
CAUSES = ("nopat", "do_not_display", "in_error", "wrong_patient")
GROUNDS = ("checked", "serious_harm", "third_party", "court", "other")


def random_control(rng: Random, entries: Sequence[Event], rules: Ruleset) -> Event:
    """One control, or one that cannot be read; a review mostly is of an entry as it is."""
    effective_at = rng.choice(INSTANTS)
    at = effective_at if rng.random() < 0.6 else rng.choice(INSTANTS)
    if rng.random() < 0.02:
        return {"at": at, "unreadable": True}
    kind = rng.choice(_WEIGHTED)
    made = _MAKERS[kind](rng, entries, rules)
    event = made if "control" in made else control(kind, **made)
    event["control"]["effective_at"] = effective_at
    event["control"]["control_id"] = f"c{rng.randrange(10**6)}"
    return event | {"at": at}


def _practice(rng: Random) -> str:
    return A if rng.random() < 0.85 else B


def _day(rng: Random) -> str:
    return rng.choice(DAYS)


def _maybe_day(rng: Random) -> str | None:
    return rng.choice(DAYS) if rng.random() < 0.5 else None


def _level(rng: Random) -> str:
    return "full" if rng.random() < 0.3 else rng.choice(LEVELS)


def _historic(rng: Random) -> dict[str, Any] | None:
    if rng.random() < 0.4:
        return None
    return {"level": _level(rng), "since": _maybe_day(rng), "checked": rng.random() < 0.6}


def _registered(rng: Random, *_: Any) -> Event:
    return registered(
        practice=_practice(rng),
        registered_on=_day(rng) if rng.random() < 0.5 else "2020-03-01",
        birth_date=rng.choice(BIRTH_DATES),
        registration=rng.choice(("regular", "regular", "temporary", "other", "unknown")),
        verification=rng.choice(("verified", "verified", "verified", "unverified", "unknown")),
    )


def _access(rng: Random, *_: Any) -> Event:
    return access(
        practice=_practice(rng),
        level=_level(rng),
        effective_from=_maybe_day(rng),
        historic=_historic(rng),
        practice_grant_from=_day(rng) if rng.random() < 0.3 else None,
    )


def _granted(rng: Random, *_: Any) -> Event:
    return granted(
        grant_id=rng.choice(GRANTS),
        practice=_practice(rng),
        level=_level(rng),
        granted_on=_day(rng) if rng.random() < 0.5 else "2024-01-01",
        until=_day(rng) if rng.random() < 0.2 else None,
        historic=_historic(rng),
        renewed_at_age=rng.choice((None, None, 0, 11, 13)),
    )


def _hidden(rng: Random, *_: Any) -> dict[str, Any]:
    related = [rng.choice((*IDS, AWAITED)) for _ in range(rng.choice((0, 0, 1, 2)))]
    hide = {"entry_id": _entry_id(rng), "related": related, "cause": rng.choice(CAUSES)}
    return hide if rng.random() < 0.5 else hide | {"source_version": _source_version(rng)}


def _source_version(rng: Random) -> dict[str, Any]:
    system = "emis" if rng.random() < 0.9 else "tpp"
    return {"practice": _practice(rng), "system": system, "version": rng.choice((1, 1, 2, 3))}


def _entry_id(rng: Random) -> str:
    return rng.choice((*IDS, AWAITED))


def _snapshot(rng: Random, *_: Any) -> dict[str, Any]:
    listed = [entry_id for entry_id in IDS if rng.random() < 0.7]
    system = "emis" if rng.random() < 0.8 else "tpp"
    return {"practice": _practice(rng), "system": system, "entry_ids": listed}


def _reviewed(rng: Random, entries: Sequence[Event], rules: Ruleset) -> Event:
    of = rng.choice(entries)["entry"]
    right = rng.random() < 0.8
    return reviewed(
        rng.choice(("release", "release", "withhold")),
        INSTANTS[0],
        entry_id=of["entry_id"],
        practice=of["practice"] if rng.random() < 0.9 else _practice(rng),
        audience=rng.choice(("self", "self", "proxy:g1", "proxy:g2")),
        ground=rng.choice(GROUNDS),
        reasons=_reasons(rng),
        entry_version=of["version"] if right else rng.choice((1, 2)),
        body_sha256=of["body_sha256"] if right else body_hash(rng.choice(CONTENTS)),
        control_position=rng.randint(0, 12),
        ruleset=rules["hash"] if rng.random() < 0.9 else "rules-0",
        reviewer_role=rng.choice(("gp", "gp", "nurse", "clerk")),
        clinician_opinion_on=_maybe_day(rng),
        leave_out=_kinds(rng),
    )


def _kinds(rng: Random) -> list[str]:
    if rng.random() < 0.7:
        return []
    return rng.sample(("free_text", "attachment", "child"), rng.randint(1, 2))


def _reasons(rng: Random) -> list[str]:
    if rng.random() < 0.6:
        return list(HELD_REASONS)
    return rng.sample(HELD_REASONS, rng.randint(0, 12))


_MAKERS: dict[str, Any] = {
    "Registered": _registered,
    "Deregistered": lambda rng, *_: {"practice": _practice(rng), "left_on": _day(rng)},
    "AccessLevelSet": _access,
    "AreaSet": lambda rng, *_: {
        "practice": _practice(rng),
        "kind": rng.choice(KINDS),
        "shown": rng.random() < 0.5,
    },
    "AccountChanged": lambda rng, *_: {"linked": rng.random() < 0.6},
    "AccessDeclined": lambda *_: {},
    "AccessOptedIn": lambda *_: {},
    "AccessReviewCoded": lambda rng, *_: {"code": rng.choice(("needed_104", "not_needed_106"))},
    "AccessSuspended": lambda *_: {},
    "AccessResumed": lambda *_: {},
    "SensitivityFlagged": lambda rng, *_: {"flagged": rng.random() < 0.5},
    "Died": lambda rng, *_: {"died_on": _maybe_day(rng)},
    "NhsNumberChanged": lambda rng, *_: {"side": rng.choice(("old", "new"))},
    "ProxyGranted": _granted,
    "ProxyEnded": lambda rng, *_: {"grant_id": rng.choice(GRANTS)},
    "ProxyUsed": lambda rng, *_: {"grant_id": rng.choice(GRANTS)},
    "EntryHidden": _hidden,
    "EntryShown": lambda rng, *_: {"entry_id": _entry_id(rng), "cause": rng.choice(CAUSES)},
    "RecordSnapshot": _snapshot,
    "Reviewed": _reviewed,
    "StateConfirmed": lambda rng, *_: {"through": rng.randint(0, 12)},
}
_FREQUENT = {"Reviewed": 9, "ProxyGranted": 7, "EntryHidden": 5, "AccessLevelSet": 3}
_WEIGHTED = tuple(kind for kind in _MAKERS for _ in range(_FREQUENT.get(kind, 1)))
