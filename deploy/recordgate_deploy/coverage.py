"""`recordgate rules coverage`: how often golden rows and random histories make each reason ask for each outcome.

Here, because it needs the rules of the streams and the histories of the auditor, which do not know each other.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from recordgate_audit.histories.cases import cases
from recordgate_runtime.clock import SystemClock
from recordgate_schemas.reasons import Reason
from recordgate_streams import ruleset
from recordgate_streams.decider.history import decide_history
from recordgate_streams.golden import cases as golden
from recordgate_streams.golden.pure import decisions_of
from recordgate_streams.golden.scenario import parse_events
from recordgate_streams.policy.decision import Decision

NEVER: dict[Reason, str] = {
    Reason.PROXY_UNKNOWN: "no audience without a grant is ever asked about",
    Reason.ENGINE_ERROR: "only a failing rule gives it: golden row 97",
    Reason.RULE_CHANGE: "only a change of rules gives it: golden row 99",
}
"""Reasons that histories under one working ruleset cannot meet, and why."""

Met = Counter[tuple[str, str]]


def coverage(
    histories: Annotated[int, typer.Option(min=0, help="how many random histories")] = 2000,
    seed: Annotated[int, typer.Option(help="the same seed, the same histories")] = 1,
) -> None:
    """Show how often golden rows and random histories hit each reason; status 1 if one is never hit by either."""
    by_rows, at_random = _met(_golden()), _met(_random(seed, histories))
    out = Table("reason", "asks for", "golden cases", "random histories")
    for reason, outcome in sorted(by_rows.keys() | at_random.keys()):
        place = (reason, outcome)
        out.add_row(reason, outcome, str(by_rows[place]), str(at_random[place]))
    Console().print(out)
    unhit = [*_unhit(by_rows, "golden rows", {Reason.PROXY_UNKNOWN: NEVER[Reason.PROXY_UNKNOWN]})]
    unhit += _unhit(at_random, "random histories", NEVER) if histories else []
    for line in unhit:
        typer.echo(line)
    typer.echo(f"coverage: {len(Reason)} reasons, {len(unhit)} never hit")
    sys.exit(1 if unhit else 0)


def _unhit(met: Met, by: str, excused: dict[Reason, str]) -> Iterator[str]:
    hit = {reason for reason, _ in met}
    return (
        f"{reason}: never hit by {by}" for reason in Reason if reason not in hit | excused.keys()
    )


def _met(decisions: Iterator[Decision]) -> Met:
    """Each decision counts once for a reason and the outcome it asks for."""
    return Counter(
        pair for d in decisions for pair in {(str(o.reason), str(o.outcome)) for o in d.objections}
    )


def _golden() -> Iterator[Decision]:
    now = SystemClock().now()
    return (decision for case in golden.cases() for decision in decisions_of(case, now))


def _random(seed: int, number: int) -> Iterator[Decision]:
    rules, data = ruleset.current(), None
    for case in cases(seed, number):
        if case.ruleset is not data:
            data = case.ruleset
            content = {name: value for name, value in data.items() if name != "hash"}
            rules = replace(ruleset.from_data(content), hash=data["hash"])
        yield from decide_history(parse_events(case.events), rules, case.now).values()
