"""The commands of the decider: `decide`, `explain`, `account`."""

import dataclasses
import json
import sys
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table

from recordgate_runtime.postgres import connect
from recordgate_runtime.process import run_process
from recordgate_runtime.settings import need, settings
from recordgate_schemas.values import parse_entry_id
from recordgate_streams.account import Account, read_account
from recordgate_streams.explain import Explained
from recordgate_streams.explain import explain as explain_entry
from recordgate_streams.lane import LaneName

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]


def decide(
    lane: Annotated[str, typer.Option(help="entries or controls")],
) -> None:
    """Run one lane of the decider until stopped."""
    from recordgate_streams.engine_faust import run  # noqa: PLC0415  Faust takes a second to import

    if lane not in ("entries", "controls"):
        raise typer.BadParameter("must be entries or controls", param_hint="--lane")
    run_process(lambda: run(cast("LaneName", lane), settings()))


def explain(entry_id: str, *, as_json: AsJson = False) -> None:
    """Say what was decided about an entry, and why: all reasons, facts used, ruleset, positions, source."""
    dsn = need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect(dsn, "ledger_reader") as connection:
        found = explain_entry(connection, parse_entry_id(entry_id))
    if as_json:
        print(json.dumps([dataclasses.asdict(one) for one in found], default=str, indent=2))  # noqa: T201
        return
    for one in found:
        _show(one)


def _show(explained: Explained) -> None:
    out = Console()
    out.print(f"[bold]{explained.entry_id}[/bold] version {explained.version}")
    out.print(
        f"from {explained.topic}/{explained.partition} offset {explained.offset},"
        f" received {explained.published_at}; patient's control position {explained.control_position}"
    )
    table = Table(
        "audience", "version", "outcome", "reason", "rests on", "under", "ruleset", "decided at"
    )
    for decision in explained.decisions:
        reasons = decision["reasons"] or [{"reason": "-", "outcome": "", "because": {}}]
        for place, reason in enumerate(reasons):
            because = ", ".join(f"{name} {value}" for name, value in reason["because"].items())
            head = (decision["audience"], str(decision["version"]), decision["outcome"])
            tail = (
                str(decision["decided_under"]),
                decision["ruleset"],
                f"{decision['decided_at']:%F %T}",
            )
            label = f"{reason['reason']} ({reason['outcome']})" if reason["outcome"] else "-"
            blank = ("", "", "")
            table.add_row(*(blank if place else head), label, because, *(blank if place else tail))
    out.print(table)


def account(*, as_json: AsJson = False) -> None:
    """Account for every entry record: what was received, and what became of it. Status 1 unless it balances."""
    dsn = need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect(dsn, "ledger_reader") as connection:
        found = read_account(connection)
    print(json.dumps(dataclasses.asdict(found)) if as_json else _account_lines(found))  # noqa: T201
    sys.exit(0 if found.unaccounted == 0 else 1)


def _account_lines(found: Account) -> str:
    lines = [f"{n:>8}  {outcome}  {reason}" for outcome, reason, n in found.outcomes]
    return "\n".join([*lines, found.sentence()])
