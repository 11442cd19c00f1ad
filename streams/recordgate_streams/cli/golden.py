"""The commands `rules golden`, `rules test` and `rules coverage`: what the golden table says of the rules."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from recordgate_runtime.clock import SystemClock
from recordgate_schemas.reasons import Reason
from recordgate_streams.golden.cases import cases
from recordgate_streams.golden.check import ROWS, check, differing
from recordgate_streams.golden.pure import decisions_of
from recordgate_streams.ruleset import open_ruleset


def golden() -> None:
    """Run the golden decision table; print every row that comes out otherwise. Status 1 unless none does."""
    report(list(check(SystemClock().now())))


def report(differences: list[str]) -> None:
    """Print the differences, if any, and one line that counts; raise Exit with status 1 if there are any."""
    for line in differences:
        typer.echo(line)
    if differences:
        typer.echo(f"golden: {len(differences)} differences in {len(cases())} cases")
        raise typer.Exit(1)
    typer.echo(f"golden: {ROWS} rows, {len(cases())} cases, all as specified")


def golden_under(
    bundle: Annotated[Path, typer.Argument(help="a ruleset: a folder or a packed document")],
    accept: Annotated[
        str, typer.Option(help="rows that are meant to come out otherwise, as in 32a,40")
    ] = "",
) -> None:
    """Run the golden table under another ruleset; status 1 when a row differs that was not meant to."""
    found = open_ruleset(bundle)
    meant = {row.strip() for row in accept.split(",") if row.strip()}
    found_otherwise = list(differing(SystemClock().now(), cases(), found))
    for case, difference in found_otherwise:
        mark = "meant" if case.row in meant else "DIFFERS"
        typer.echo(f"{mark}  {case.name} {case.title}: {difference}")
    rows = {case.row for case, _ in found_otherwise}
    unmeant, vain = rows - meant, meant - rows
    for row in sorted(vain):
        typer.echo(f"{row}: was meant to come out otherwise and does not")
    typer.echo(
        f"test: ruleset {found.title}, {len(cases())} cases, {len(rows)} rows come out otherwise,"
        f" {len(unmeant)} of them not meant"
    )
    raise typer.Exit(1 if unmeant or vain else 0)


NEVER = {Reason.PROXY_UNKNOWN: "no audience without a grant is ever asked about"}
"""Reasons that no history can give, and why."""


def coverage() -> None:
    """Count how often golden cases make each reason ask for each outcome; status 1 if a reason is never given."""
    given = Counter(
        pair
        for case in cases()
        for decision in decisions_of(case, SystemClock().now())
        for pair in {(str(o.reason), str(o.outcome)) for o in decision.objections}
    )
    table = Table("reason", "asks for", "decisions of golden cases")
    for (reason, outcome), times in sorted(given.items()):
        table.add_row(reason, outcome, str(times))
    Console().print(table)
    missing = set(Reason) - {Reason(reason) for reason, _ in given} - NEVER.keys()
    for reason in sorted(missing):
        typer.echo(f"{reason}: given by no golden case")
    typer.echo(f"coverage: {len(Reason)} reasons, {len(missing)} never given")
    raise typer.Exit(1 if missing else 0)
