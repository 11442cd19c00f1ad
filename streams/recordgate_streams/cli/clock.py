"""The command `recordgate clock`: whether the decider's clocks agree, and what to do with dates of one that did not."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import need, settings
from recordgate_streams.ledger.clock import CheckedClock, shown


def clock(
    accept_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
            help="dates up to this instant (UTC) are known to be wrong: go on, and decide again whom they concern",
        ),
    ] = None,
) -> None:
    """Compare this machine's clock, the ledger's and the newest decision's date. Status 6 when they differ."""
    checked = CheckedClock(SystemClock(), timedelta(seconds=settings().clock_difference_s))
    dsn = need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect(dsn, "decider", autocommit=True) as db:
        if accept_until is not None:
            until = accept_until if accept_until.tzinfo else accept_until.replace(tzinfo=UTC)
            patients = checked.accept(db, until)
            typer.echo(
                f"dates up to {shown(until)} are accepted; patients decided again: {patients}"
            )
        typer.echo(f"the clocks agree: {shown(checked.read(db).at)}")
