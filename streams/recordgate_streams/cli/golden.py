"""The commands `recordgate rules golden` and `rules test`: the golden table under this or another ruleset."""

from pathlib import Path
from typing import Annotated

import typer

from recordgate_runtime.clock import SystemClock
from recordgate_streams.golden.cases import cases
from recordgate_streams.golden.check import ROWS, check, differing
from recordgate_streams.ruleset import open_ruleset


def golden() -> None:
    """Run the golden decision table; print every row that comes out otherwise. Status 1 unless none does."""
    wrong = list(check(SystemClock().now()))
    for line in wrong:
        typer.echo(line)
    if wrong:
        typer.echo(f"golden: {len(wrong)} differences in {len(cases())} cases")
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
    told = list(differing(SystemClock().now(), cases(), found))
    for case, difference in told:
        mark = "meant" if case.row in meant else "DIFFERS"
        typer.echo(f"{mark}  {case.name} {case.title}: {difference}")
    rows = {case.row for case, _ in told}
    unmeant, vain = rows - meant, meant - rows
    for row in sorted(vain):
        typer.echo(f"{row}: was meant to come out otherwise and does not")
    typer.echo(
        f"test: ruleset {found.title}, {len(cases())} cases, {len(rows)} rows come out otherwise,"
        f" {len(unmeant)} of them not meant"
    )
    raise typer.Exit(1 if unmeant or vain else 0)
