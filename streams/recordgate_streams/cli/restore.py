"""The command `recordgate restore`."""

import typer

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect_as_owner
from recordgate_runtime.settings import need, settings
from recordgate_schemas.topics import Principal
from recordgate_streams.lanes import restore as restoring


def restore() -> None:
    """Begin a new incarnation of a ledger that was restored, moved or promoted; the decider is stopped for it."""
    known = settings().as_user(Principal.RESTORE)
    dsn = need(known.ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect_as_owner(dsn, autocommit=True) as ledger:
        done = restoring.restore(ledger, known, SystemClock())
    typer.echo(f"incarnation {done.incarnation} has begun")
    for topic, count in done.to_read.items():
        typer.echo(f"{topic}: up to {count} records will be read again")
    typer.echo("start the decider; each partition is dark until everything is published again")
