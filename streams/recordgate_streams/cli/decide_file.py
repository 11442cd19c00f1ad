"""`recordgate decide-file`: what becomes of a written scenario, without Kafka or a database."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from recordgate_runtime.clock import SystemClock
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import NhsNumber
from recordgate_streams import ruleset
from recordgate_streams.bodies.hints import has_hint
from recordgate_streams.decider.decide import PatientDecision
from recordgate_streams.decider.history import (
    RulesetActivated,
    Step,
    decide_history,
    in_force_at,
)
from recordgate_streams.decider.record import AcceptedEntry, EntryAudience
from recordgate_streams.golden.scenario import parse_instant, parse_lines
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import Ruleset


def decide_file(
    scenario: Annotated[
        Path, typer.Argument(help="timed events, one JSON object a line; - for standard input")
    ],
    now: Annotated[str, typer.Option(help="decide as at this instant, ISO 8601 with offset")] = "",
    rules: Annotated[
        Path | None, typer.Option(help="another ruleset folder than the shipped one")
    ] = None,
    *,
    steps: Annotated[bool, typer.Option(help="also say what each event changed")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="for programs, one object a line")
    ] = False,
) -> None:
    """Decide a written scenario and print every decision with its reasons (docs/scenarios.md)."""
    used = ruleset.load(rules) if rules else ruleset.current()
    read = parse_lines(_lines(scenario), str(scenario), scenario.parent)
    at = parse_instant(now, "now") if now else SystemClock().now()
    in_force = in_force_at(read, used, at)
    events = [_with_hint(one, in_force) for one in read]
    if not as_json:
        Console().print(f"ruleset {in_force.title}, as at {at:%F %T} UTC")
    for place, own in enumerate(_by_patient(events), 1):
        if steps and not as_json:
            _show_steps(place, own, used, at)
        found = decide_history(own, used, at)
        if as_json:
            _print_json(place, found)
        else:
            _show(place, found)


def _with_hint(event: Step, used: Ruleset) -> Step:
    """Look for hint phrases in a body that comes with its entry, as the lanes do."""
    if not isinstance(event, AcceptedEntry) or not event.entry.body:
        return event
    hint = has_hint(used.settings, event.entry.body)
    return replace(event, integrity=replace(event.integrity, text_hint=hint))


def _lines(scenario: Path) -> list[str]:
    if str(scenario) == "-":
        return sys.stdin.read().splitlines()
    try:
        return scenario.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{scenario}: cannot be read ({type(error).__name__})") from None


def _by_patient(events: Sequence[Step]) -> list[list[Step]]:
    """Group by patient. A ruleset counts for all; so does an unreadable control: nobody knows whom it was about."""
    found: dict[NhsNumber, list[Step]] = defaultdict(list)
    for event in events:
        if (number := _whose(event)) is not None:
            found[number].append(event)
    for_all = [event for event in events if _whose(event) is None]
    return [[*own, *for_all] for own in found.values()]


def _whose(event: Step) -> NhsNumber | None:
    if isinstance(event, AcceptedEntry):
        return event.entry.nhs_number
    if isinstance(event, RulesetActivated):
        return None
    return event.control.nhs_number if event.control else None


def _show_steps(place: int, events: Sequence[Step], used: Ruleset, at: datetime) -> None:
    before: dict[EntryAudience, Decision] = {}
    out = Console()
    for number, event in enumerate(events, 1):
        after = decide_history(events[:number], used, at).decisions
        changed = [
            f"{entry_id} {audience}: {_word(before.get((entry_id, audience)))} -> {_word(decision)}"
            for (entry_id, audience), decision in after.items()
            if _word(before.get((entry_id, audience))) != _word(decision)
        ]
        out.print(
            f"patient {place}, event {number} ({_kind(event)}): {'; '.join(changed) or 'no change'}",
            soft_wrap=True,
        )
        before = after


def _kind(event: Step) -> str:
    if isinstance(event, AcceptedEntry):
        return "entry"
    if isinstance(event, RulesetActivated):
        return "ruleset"
    return type(event.control.change).__name__ if event.control else "unreadable"


def _word(decision: Decision | None) -> str:
    if decision is None:
        return "-"
    return f"{decision.outcome} {decision.headline}" if decision.headline else decision.outcome


def _show(patient: int, found: PatientDecision) -> None:
    out = Console()
    table = Table(title=f"patient {patient}")
    for name in ("entry", "audience", "outcome", "reason", "rests on"):
        table.add_column(name, overflow="fold")
    for (entry_id, audience), decision in found.decisions.items():
        for place, row in enumerate(_rows(decision)):
            head = (entry_id, audience, decision.outcome.value)
            table.add_row(*(("", "", "") if place else head), *row)
    out.print(table)
    for task in sorted(found.tasks, key=lambda t: (t.reason, t.audience, t.entry_id or "")):
        out.print(
            f"task: {task.reason} for {task.audience}"
            + (f", {task.entry_id}" if task.entry_id else "")
        )


def _rows(decision: Decision) -> Iterator[tuple[str, str]]:
    if not decision.objections:
        yield "-", "nothing stands against it"
    for one in decision.objections:
        because = ", ".join(f"{name} {value}" for name, value in one.because.items())
        yield f"{one.reason} ({one.outcome})", because


def _print_json(patient: int, found: PatientDecision) -> None:
    for (entry_id, audience), update in found.updates.items():
        decision = update.decision
        fields: dict[str, Any] = {
            "patient": patient,
            "entry_id": entry_id,
            "version": update.accepted.entry.version,
            "audience": audience,
            "outcome": decision.outcome,
            "reasons": [
                {"reason": o.reason, "outcome": o.outcome, "because": dict(o.because)}
                for o in decision.objections
            ],
            "dropped_kinds": sorted(decision.drop),
            "dropped_references": list(decision.pointers),
            "ruleset": decision.ruleset,
        }
        print(json.dumps(fields))  # noqa: T201
    for task in sorted(found.tasks, key=lambda t: (t.reason, t.audience, t.entry_id or "")):
        asked = {"task": task.reason, "audience": task.audience, "entry_id": task.entry_id}
        print(json.dumps({"patient": patient, **asked}))  # noqa: T201
