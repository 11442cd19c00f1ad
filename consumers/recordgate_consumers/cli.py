"""The consumers' commands for people and programs: `view`, `holds`, `tasks`, `review`. Mounted by `recordgate`.

A patient's number given as an argument is seen by everyone who may list this machine's processes: give `-` and type it,
or pipe it, instead.
"""

import getpass
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import orjson
import psycopg
import typer
from rich.console import Console

from recordgate_consumers.review.queue import find_hold, open_holds, open_tasks
from recordgate_consumers.review.relay import ControlPublisher, relay
from recordgate_consumers.review.show import (
    holds_as_data,
    print_holds,
    print_tasks,
    tasks_as_data,
)
from recordgate_consumers.review.verdict import Role, Verdict, check
from recordgate_consumers.review.workflow import decide
from recordgate_consumers.view.read import read_view
from recordgate_consumers.view.show import as_plain_data as view_as_data
from recordgate_consumers.view.show import print_view
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import need, settings
from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_schemas.errors import InvalidValue, RetryableError, UsageError
from recordgate_schemas.values import NhsNumber, OdsCode, parse_audience, parse_entry_id, parse_ods

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")]
PracticeOption = Annotated[str | None, typer.Option(help="ODS code; all without it.")]
AudienceOption = Annotated[str, typer.Option(help="self or proxy:<grant id>.")]


def view(
    nhs_number: Annotated[
        str,
        typer.Argument(help="The patient; `-` reads the number from stdin, out of sight of `ps`."),
    ],
    *,
    audience: Annotated[str, typer.Option("--as", help="self or proxy:<grant id>.")] = "self",
    as_json: AsJson = False,
) -> None:
    """Show what a patient, or a proxy, can see now."""
    number, reader = _nhs_number(nhs_number), _parsed(parse_audience, audience)
    with connect(need(settings().view_dsn, "RECORDGATE_VIEW_DSN"), "view_reader") as connection:
        entries = read_view(connection, number, reader)
    if as_json:
        _print_json(view_as_data(entries))
    else:
        print_view(entries, Console())


def holds(
    *,
    practice: PracticeOption = None,
    as_json: AsJson = False,
) -> None:
    """List open holds, the one due first on top."""
    ods = _practice(practice)
    with _review_database() as connection:
        found = open_holds(connection, ods)
    if as_json:
        _print_json(holds_as_data(found))
    else:
        print_holds(found, Console())


def tasks(
    *,
    practice: PracticeOption = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Name patients by NHS number.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List open tasks: work about a patient, a grant or an entry beyond deciding a hold; what is urgent on top."""
    ods = _practice(practice)
    with _review_database() as connection:
        found = open_tasks(connection, ods)
    if as_json:
        _print_json(tasks_as_data(found, numbers=numbers))
    else:
        print_tasks(found, Console(), numbers=numbers)


def review(
    entry_id: Annotated[str, typer.Argument(help="The held entry, as `holds` names it.")],
    *,
    release: Annotated[bool, typer.Option("--release/--withhold", help="The outcome.")],
    ground: Annotated[ReviewGround | None, typer.Option(help="Why; needed to withhold.")] = None,
    audience: AudienceOption = "self",
    role: Annotated[Role, typer.Option(help="Who decides.")] = Role.ADMIN,
    opinion_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of a clinician's opinion (serious harm)."),
    ] = None,
) -> None:
    """Release or withhold a held entry. The decider has the last word: facts that moved hold it again."""
    clock = SystemClock()
    action = ReviewAction.RELEASE if release else ReviewAction.WITHHOLD
    opinion = opinion_on.date() if opinion_on else None
    verdict = Verdict(action, ground or ReviewGround.CHECKED, role, opinion)
    check(verdict, clock.now().date())
    entry, reader = _parsed(parse_entry_id, entry_id), _parsed(parse_audience, audience)
    with _review_database() as connection:
        decide(connection, find_hold(connection, entry, reader), verdict, clock.now())
        typer.echo(_relayed(connection, clock.now()))


def _relayed(connection: psycopg.Connection, now: datetime) -> str:
    """Send the outcome; when Kafka is away it stays in the outbox, which is no failure of the review."""
    publisher = ControlPublisher(settings())
    try:
        relay(connection, publisher, now)
    except RetryableError:
        return "outcome recorded; it is sent as soon as Kafka is back"
    finally:
        publisher.close()
    return "outcome recorded and sent"


def _review_database() -> psycopg.Connection:
    return connect(need(settings().review_dsn, "RECORDGATE_REVIEW_DSN"), "review_app")


def _practice(argument: str | None) -> OdsCode | None:
    return None if argument is None else _parsed(parse_ods, argument)


def _nhs_number(argument: str) -> NhsNumber:
    if argument == "-":
        argument = getpass.getpass("NHS number: ") if sys.stdin.isatty() else sys.stdin.readline()
    return _parsed(NhsNumber.parse, argument.strip())


def _parsed(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except InvalidValue as error:
        raise UsageError(str(error)) from None


def _print_json(data: list[dict[str, Any]]) -> None:
    typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
