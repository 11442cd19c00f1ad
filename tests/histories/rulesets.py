"""Random rulesets in plain data: the default one with some switches, numbers, lists and queues changed."""

from random import Random
from typing import Any

from tests.histories import words as spoken
from tests.histories.words import NUMBERS, SWITCHES, A, B, Ruleset, ruleset

ASKS = ("release", "hold", "withhold")
SIGNALS = ("child_safeguarding", "parental", "review_104", "review_106", "declined")
LISTED_REASONS = ("CONF", "SAFEGUARDING", "PROXY_SENSITIVE", "COURT", "THIRD_PARTY", "ORIGINATOR")
LABELS = ("N", "R", "V", "SDV")
CODES = tuple(spoken.CODES.values())
NUMBERS_TO_TRY = {
    "result_tolerance_days": (0, 1, 90),
    "proxy_review_age": (11, 12),
    "proxy_stop_age": (12, 13),
    "proxy_unused_years": (1, 5),
    "opinion_months": (1, 3, 6),
    "abnormal_delay_days": (29, 30),
}
GO_LIVES = ("2023-10-31", "2024-02-29", "2025-06-02")
AREAS: tuple[list[str], ...] = (["consultation"], ["document", "test_result"], [])
HELD_REASONS = [
    "DATE_UNKNOWN",
    "FUTURE_DATED",
    "HISTORIC_CHECK",
    "BACKDATED",
    "UNKNOWN_KIND",
    "ACCESS_CODE",
    "DRAFT",
    "NOT_FILED",
    "NOT_REVIEWED",
    "IN_TRANSIT",
    "PARTIAL",
    "UNKNOWN_READINESS",
    "DELAYED",
    "UNKNOWN_LABEL",
    "STAFF_PRIVATE",
    "UNKNOWN_FLAG",
    "THIRD_PARTY",
    "COURT",
    "MISFILED",
    "IDENTITY_CHANGE",
    "ORIGINATOR",
    "SAFEGUARDING",
    "TEXT_HINT",
    "LINKED",
    "ACCESS_REVIEW",
    "PROXY_AGE",
    "PROXY_SENSITIVE",
    "REVIEWED",
    "CONF",
]
"""What a review may have been given for; every hold that is none of integrity."""


def random_ruleset(rng: Random) -> Ruleset:
    """A valid ruleset; about every third thing differs from the default."""
    changed = {name: _word(rng, words) for name, words in SWITCHES.items()}
    changed |= {name: _number(rng, name) for name in NUMBERS}
    return ruleset(
        **changed,
        go_live=rng.choice(GO_LIVES[:2]),
        practices={ods: _practice(rng) for ods in (A, B) if rng.random() < 0.4},
        labels={code: _listed(rng) for code in LABELS if rng.random() < 0.9},
        code_sets=[_code_set(rng, f"set-{n}") for n in range(6)],
        reasons={reason: {"queue": _queue(rng)} for reason in HELD_REASONS},
        clinician_roles=rng.choice((["gp"], ["gp", "nurse"])),
    )


def _word(rng: Random, words: tuple[Any, ...]) -> Any:
    return words[0] if rng.random() < 0.6 else rng.choice(words)


def _number(rng: Random, name: str) -> int:
    return NUMBERS[name] if rng.random() < 0.6 else rng.choice(NUMBERS_TO_TRY[name])


def _practice(rng: Random) -> dict[str, Any]:
    areas = {"areas_off": rng.choice(AREAS)} if rng.random() < 0.7 else {}
    return {"go_live": rng.choice(GO_LIVES), **areas}


def _listed(rng: Random) -> dict[str, Any]:
    return {
        "self": rng.choice(ASKS),
        "proxy": rng.choice(ASKS),
        "reason": rng.choice(LISTED_REASONS),
    }


def _code_set(rng: Random, name: str) -> dict[str, Any]:
    signal = rng.choice(SIGNALS) if rng.random() < 0.6 else ""
    members = rng.sample(CODES[:-1], rng.randint(1, 2))
    return {"id": name, **_listed(rng), "signal": signal, "members": members}


def _queue(rng: Random) -> str:
    return rng.choice(("practice", "practice", "clinician", "system", "source", "none"))
