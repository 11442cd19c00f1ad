"""The reference model on small histories by hand: golden rows and each section of the specification."""

from datetime import datetime
from typing import Any

import pytest

from recordgate_audit.model import decide_history
from tests.histories.words import Event, Ruleset, control, granted, ruleset
from tests.model.reference_cases import FACTS, NOW, PATIENT, by_proxy
from tests.model.reference_cases_entry import ENTRY, PROXY, RELATIVES, REVIEW

SHORT = {
    "NOT_ELIGIBLE": "NE",
    "WITHHELD": "WH",
    "DEFERRED": "DEF",
    "HELD": "HELD",
    "RELEASED_REDACTED": "RED",
    "RELEASED": "REL",
}


def judged(
    events: list[Event],
    rules: Ruleset | None = None,
    now: str = NOW,
    of: str = "e0",
    by: str = "self",
) -> str:
    """What the model says of one entry and audience, in the words of this file."""
    decided = decide_history(events, rules or ruleset(), datetime.fromisoformat(now))
    outcome, reasons, drops = decided[of, by]
    asked = sorted(f"{reason} {SHORT[asks_for]}" for reason, asks_for in reasons)
    dropped = "".join(f" -{pointer}" for pointer in sorted(drops))
    return f"{SHORT[outcome]} ({', '.join(asked)}){dropped}"


@pytest.mark.parametrize(
    ("expected", "events", "asked"), FACTS + PATIENT + ENTRY + REVIEW + RELATIVES
)
def test_what_comes_out(expected: str, events: list[Event], asked: dict[str, Any]) -> None:
    assert judged(events, **asked) == expected
    assert judged(events[::-1] if _placed(events) else events * 2, **asked) == expected


def _placed(events: list[Event]) -> bool:
    """Whether every control carries its position, so that the order of events cannot matter."""
    return all("position" in event for event in events if "entry" not in event)


@pytest.mark.parametrize(("expected", "events", "asked"), PROXY)
def test_what_comes_out_for_a_proxy(
    expected: str, events: list[Event], asked: dict[str, Any]
) -> None:
    assert judged(events, by="proxy:g1", **asked) == expected


def test_every_grant_ever_given_is_an_audience() -> None:
    events = [*by_proxy(), control("ProxyEnded", NOW, grant_id="g1"), granted(grant_id="g2")]
    decided = decide_history(events, ruleset(), datetime.fromisoformat(NOW))
    assert set(decided) == {("e0", "self"), ("e0", "proxy:g1"), ("e0", "proxy:g2")}
