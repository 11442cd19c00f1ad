"""The commands `recordgate services ...`: which services may sign controls that can open something."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from recordgate_runtime.arguments import parser
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import need, settings
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import OdsCode, parse_ods
from recordgate_streams.ledger.service_keys import KnownKey, ServiceKeyStore
from recordgate_streams.rollout import services

app = typer.Typer(no_args_is_help=True, help="Which services may sign what opens something.")
Name = Annotated[str, typer.Argument(parser=services.service_name, metavar="NAME")]
Times = ["%Y-%m-%dT%H:%M:%S%z"]


@app.command()
def add(
    name: Name,
    *,
    key: Annotated[str, typer.Option(help="its public key, as `rules keygen` prints it")],
    practice: Annotated[
        list[OdsCode] | None,
        typer.Option(parser=parser(parse_ods), metavar="ODS", help="it speaks for; repeatable"),
    ] = None,
    all_practices: Annotated[
        bool, typer.Option("--all-practices", help="it speaks for every practice")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=Times, help="now without it")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=Times, help="without end")] = None,
) -> None:
    """Let a service's key count from now on, for some practices or for all."""
    if bool(practice) == all_practices:
        raise UsageError("name the practices with --practice ODS, or give --all-practices")
    with _store("service_keeper") as store:
        scope = None if all_practices else practice
        key_id = services.add(
            store, name, key, _keeper(), practices=scope, since=since, until=until
        )
    typer.echo(f"{name} may sign; its key is {key_id}")


@app.command()
def retire(name: Name) -> None:
    """Let a service's keys count no more. What Kafka received before stays valid."""
    with _store("service_keeper") as store:
        found = services.retire(store, name, _keeper())
    typer.echo("\n".join(f"{one.name}  {one.key_id}  retired" for one in found))


@app.command("list")
def list_keys(
    *, as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False
) -> None:
    """Show every key there has been."""
    with _store("ledger_reader") as store:
        found = store.all()
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in found], indent=2))
        return
    shown = services.lines(found, SystemClock().now())
    typer.echo("\n".join(shown) or "no service may sign: nothing that must be signed counts")


@contextmanager
def _store(role: str) -> Iterator[ServiceKeyStore]:
    with connect(need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN"), role) as connection:
        yield ServiceKeyStore(connection)


def _keeper() -> services.Keeper:
    return services.Keeper(getpass.getuser(), SystemClock().now())


def _as_data(one: KnownKey) -> dict[str, object]:
    times = {
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "retired_at": one.retired_at,
    }
    about: dict[str, object] = {"name": one.name, "key_id": one.key_id, "practices": one.practices}
    return about | {n: None if at is None else at.isoformat() for n, at in times.items()}
