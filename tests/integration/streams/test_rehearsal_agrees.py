"""What a rehearsal foretells is what an application then does: random histories, random rulesets, counts compared.

What reads bodies is replaced by what the history says of them, and redaction by the list of what it drops.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.messages import Release, Retract
from recordgate_streams import ruleset
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.decider.history import Event
from recordgate_streams.rollout.rehearsal import Change
from recordgate_streams.rollout.report import Report
from recordgate_streams.ruleset import Ruleset
from tests.histories.cases import random_case
from tests.histories.rulesets import HELD_REASONS, random_ruleset
from tests.histories.times import INSTANTS, NOWS
from tests.histories.words import reviewed
from tests.support.clock import FrozenClock
from tests.support.events import parse_events
from tests.support.ledger import Ledger
from tests.support.replay import HINT, replay
from tests.support.rules import Rules

PATIENTS = 60
LEDGERS = 4
"""Of so many patients each; every one with another pair of rulesets."""

SEEDS = (30, 33)
RELEASED = ("RELEASED", "RELEASED_REDACTED")
CALM = 0.6
"""How many of the controls are left out: under too many, nothing is ever released."""

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """Decisions in force, which of them a review lifted, and what a view would show."""

    decided: dict[Place, tuple[str, str]]
    lifted: set[Place]
    shown: dict[Place, bytes]


class HistoryBodies(BodyReader):
    """Reads bodies that state themselves whether they mismatch; redaction gives the list of what it drops."""

    def mismatch(self, entry: ClinicalEntry) -> bool:
        return bool(json.loads(entry.body)["mismatch"])

    def redact(
        self,
        entry: ClinicalEntry,
        body: bytes,  # noqa: ARG002
        drop: frozenset[ElementKind],
        pointers: Any,
    ) -> bytes:
        kinds = [f"{e.kind} {e.pointer}" for e in entry.elements if e.kind in drop]
        return json.dumps([entry.version, sorted(kinds), list(pointers)]).encode()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_application_does_what_its_rehearsal_said(
    ledger_dsn: str, tmp_path: Path, seed: int
) -> None:
    rng = Random(seed)
    met: Counter[Change] = Counter()
    for number in range(LEDGERS):
        data, new = random_ruleset(rng), _ruleset(random_ruleset(rng))
        old = _ruleset(data)
        histories = [_history(rng, data, old) for _ in range(PATIENTS)]
        folder = tmp_path / str(number)
        folder.mkdir()
        with contextlib.closing(Ledger(ledger_dsn, old, HistoryBodies())) as ledger:
            ledger.clock = FrozenClock(rng.choice(NOWS))
            ledger.page_entries = rng.choice((1, 2, 500))
            ledger.restart()
            replay(ledger, histories, rng)
            report, before, after = _change(ledger, new, folder)
        assert _foretold(report) == _happened(before, after), f"seed {seed}, ledger {number}"
        met.update({change: total.n for change, total in report.totals.items()})
    assert all(met[change] for change in Change), met


def _history(rng: Random, data: dict[str, Any], rules: Ruleset) -> list[Event]:
    events = random_case(rng, data).events
    calm = [event for event in events if _is_kept(rng, event)]
    calm += [_release(rng, event["entry"]) for event in events if "entry" in event]
    return parse_events([_renamed(event, rules.hash) for event in calm])


def _release(rng: Random, about: dict[str, Any]) -> dict[str, Any]:
    """A release that lifts most of what can be lifted: by chance alone there are too few."""
    seen = {name: about[name] for name in ("entry_id", "body_sha256")}
    return reviewed(
        "release",
        INSTANTS[-1],
        **seen,
        entry_version=about["version"],
        reasons=rng.sample(HELD_REASONS, 20),
        reviewer_role="nurse",
    )


def _is_kept(rng: Random, event: dict[str, Any]) -> bool:
    kind = event.get("control", {}).get("change", {}).get("type", "entry")
    return kind in ("entry", "Registered", "AccessLevelSet", "Reviewed") or rng.random() > CALM


def _ruleset(data: dict[str, Any]) -> Ruleset:
    """A random ruleset under its true hash, hints found by their phrase."""
    content = {name: value for name, value in data.items() if name != "hash"}
    return ruleset.from_data({**content, "hints": [{"phrase": HINT, "why": "test"}]})


def _renamed(event: dict[str, Any], name: str) -> dict[str, Any]:
    """Reviews of a case name its ruleset by a name that only the case knows."""
    change = event.get("control", {}).get("change", {})
    if change.get("ruleset") != "rules-1":
        return event
    return {**event, "control": {**event["control"], "change": {**change, "ruleset": name}}}


def _change(ledger: Ledger, new: Ruleset, folder: Path) -> tuple[Report, Seen, Seen]:
    rules = Rules(ledger, folder)
    try:
        before = _seen(ledger)
        report = rules.bring(new)
        assert _seen(ledger) == before, "a rehearsal changes nothing"
        rules.apply()
        return report, before, _seen(ledger)
    finally:
        rules.close()


def _seen(ledger: Ledger) -> Seen:
    rows = ledger.owner.execute(
        "select nhs_number, entry_id, audience, outcome, coalesce(headline, '-') from current_decision"
    )
    shown: dict[Place, bytes] = {}
    for message in ledger.broker.messages():
        change, number = message.change, message.nhs_number.digits
        if isinstance(change, Release):
            shown[number, change.entry_id, change.audience] = change.body
        elif isinstance(change, Retract):
            del shown[number, change.entry_id, change.audience]
    return Seen({(f"{n:010d}", e, a): (o, h) for n, e, a, o, h in rows}, _lifted(ledger), shown)


def _lifted(ledger: Ledger) -> set[Place]:
    rows = ledger.owner.execute(
        "select distinct on (nhs_number, entry_id, audience)"
        " nhs_number, entry_id, audience, outcome, reasons"
        " from decision order by nhs_number, entry_id, audience, decision_id desc"
    )
    return {
        (f"{number:010d}", entry_id, audience)
        for number, entry_id, audience, outcome, reasons in rows
        if outcome in RELEASED and any(r["reason"] == "REVIEWED" for r in reasons)
    }


def _foretold(report: Report) -> Counter[tuple[str, str]]:
    by_practice = dict.fromkeys(Change, 0)
    for count in report.by_practice:
        by_practice[count.change] += count.n
    assert by_practice == {change: total.n for change, total in report.totals.items()}
    return Counter({(count.change.name, count.key): count.n for count in report.by_reason})


def _happened(before: Seen, after: Seen) -> Counter[tuple[str, str]]:
    return Counter(found for place in after.decided for found in _changes(place, before, after))


def _changes(place: Place, before: Seen, after: Seen) -> Iterator[tuple[str, str]]:
    (was, former_reason), (is_, new_reason) = before.decided[place], after.decided[place]
    if place in after.shown and place not in before.shown:
        yield "APPEARS", former_reason
    if place in before.shown and place not in after.shown:
        yield "DISAPPEARS", new_reason
    if is_ == "HELD" != was:
        yield "JOINS_QUEUE", new_reason
    if was == "HELD" != is_:
        yield "LEAVES_QUEUE", former_reason
    if place in before.shown and before.shown[place] != after.shown.get(place, before.shown[place]):
        yield "SHOWN_OTHERWISE", new_reason
    if place in before.lifted and is_ == "HELD":
        yield "REVIEW_LOST", new_reason
