"""The command `recordgate rules golden`: the golden decision table, run against the rules of this code."""

import typer

from recordgate_runtime.clock import SystemClock
from recordgate_streams.golden.cases import cases
from recordgate_streams.golden.check import ROWS, check


def golden() -> None:
    """Run the golden decision table; print every row that comes out otherwise. Status 1 unless none does."""
    wrong = list(check(SystemClock().now()))
    for line in wrong:
        typer.echo(line)
    if wrong:
        typer.echo(f"golden: {len(wrong)} differences in {len(cases())} cases")
        raise typer.Exit(1)
    typer.echo(f"golden: {ROWS} rows, {len(cases())} cases, all as specified")
