"""The consumers' commands for people and programs: `view`, `holds`, `tasks`, `review`. Mounted by `recordgate`.

A patient's number given as an argument is seen by everyone who may list this machine's processes: give `-` and type it,
or pipe it, instead.
"""

from datetime import datetime
from typing import Annotated, Any

import orjson
import psycopg
import typer
from rich.console import Console

from recordgate_consumers.review.decision import (
    ReviewDecision,
    Role,
    check_decision,
    record_decision,
)
from recordgate_consumers.review.queue import count_open, find_hold, open_holds, open_tasks
from recordgate_consumers.review.relay import ControlPublisher, relay_if_reachable
from recordgate_consumers.review.show_work import (
    holds_as_data,
    print_holds,
    print_tasks,
    tasks_as_data,
)
from recordgate_consumers.view.read import read_view
from recordgate_consumers.view.show_view import print_view, view_as_data
from recordgate_runtime.arguments import ask_nhs_number, parser
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.positions import read_partitions
from recordgate_runtime.postgres import connect
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import need, settings
from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_schemas.topics import Principal
from recordgate_schemas.values import (
    SELF,
    Audience,
    EntryId,
    NhsNumber,
    OdsCode,
    parse_audience,
    parse_entry_id,
    parse_ods,
)


def _read_nhs_number(argument: str) -> NhsNumber:
    return ask_nhs_number() if argument == "-" else NhsNumber.parse(argument.strip())


AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")]
PracticeOption = Annotated[
    OdsCode | None,
    typer.Option(parser=parser(parse_ods), metavar="ODS", help="ODS code; all without it."),
]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
MOST_LISTED = 500
"""How many rows a list has unless asked for more: a queue may have grown to any length."""

_AUDIENCE = {
    "parser": parser(parse_audience),
    "metavar": "AUDIENCE",
    "help": "self or proxy:<grant id>.",
}


def view(
    nhs_number: Annotated[
        NhsNumber,
        typer.Argument(
            parser=parser(_read_nhs_number),
            help="The patient; `-` reads the number from stdin, out of sight of `ps`.",
        ),
    ],
    *,
    audience: Annotated[Audience, typer.Option("--as", **_AUDIENCE)] = SELF,
    as_json: AsJson = False,
) -> None:
    """Show what a patient, or a proxy, can see now."""
    with connect(need(settings().view_dsn, "RECORDGATE_VIEW_DSN"), "view_reader") as connection:
        entries = read_view(connection, nhs_number, audience)
    if as_json:
        _print_json(view_as_data(entries))
    else:
        print_view(entries, Console())


def holds(
    *, practice: PracticeOption = None, limit: Limit = MOST_LISTED, as_json: AsJson = False
) -> None:
    """List open holds, the one due first on top."""
    with _review_database() as connection:
        found, total = (
            open_holds(connection, practice, limit),
            count_open(connection, "holds", practice),
        )
    if as_json:
        _print_json(holds_as_data(found))
    else:
        print_holds(found, Console(), total)
    _print_more(total - len(found))


def tasks(
    *,
    practice: PracticeOption = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Name patients by NHS number.")
    ] = False,
    limit: Limit = MOST_LISTED,
    as_json: AsJson = False,
) -> None:
    """List open tasks: work about a patient, a grant or an entry beyond deciding a hold; what is urgent on top."""
    with _review_database() as connection:
        found, total = (
            open_tasks(connection, practice, limit),
            count_open(connection, "tasks", practice),
        )
    if as_json:
        _print_json(tasks_as_data(found, numbers=numbers))
    else:
        print_tasks(found, Console(), total, numbers=numbers)
    _print_more(total - len(found))


def review(
    entry_id: Annotated[
        str,
        typer.Argument(parser=parser(parse_entry_id), help="The held entry, as `holds` names it."),
    ],
    *,
    release: Annotated[bool, typer.Option("--release/--withhold", help="The outcome.")],
    ground: Annotated[ReviewGround | None, typer.Option(help="Why; needed to withhold.")] = None,
    audience: Annotated[Audience, typer.Option(**_AUDIENCE)] = SELF,
    role: Annotated[Role, typer.Option(help="Who decides.")] = Role.ADMIN,
    opinion_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of a clinician's opinion (serious harm)."),
    ] = None,
    of_patient: Annotated[
        bool,
        typer.Option(
            "--of-patient",
            help="Ask for the NHS number, or read it from stdin; needed when several patients have the id.",
        ),
    ] = False,
) -> None:
    """Release or withhold a held entry. The decider checks it again: facts that moved hold the entry again."""
    now = SystemClock().now()
    action = ReviewAction.RELEASE if release else ReviewAction.WITHHOLD
    opinion = opinion_on.date() if opinion_on else None
    decision = ReviewDecision(action, ground or ReviewGround.CHECKED, role, opinion)
    check_decision(decision, now.date())
    patient = ask_nhs_number() if of_patient else None
    key = read_service_key(settings().review_key, "RECORDGATE_REVIEW_KEY")
    with _review_database() as connection:
        publisher = ControlPublisher(
            settings().as_user(Principal.REVIEWER), lambda: read_partitions(connection)
        )
        hold = find_hold(connection, EntryId(entry_id), audience, patient)
        record_decision(connection, hold, decision, now, key)
        sent = relay_if_reachable(connection, publisher, now)
    publisher.close()
    # Kafka being away is no failure of the review: the review sink relays the outcome later.
    typer.echo(
        "outcome recorded and sent"
        if sent
        else "outcome recorded; it is sent as soon as Kafka is back"
    )


def _review_database() -> psycopg.Connection:
    return connect(need(settings().review_dsn, "RECORDGATE_REVIEW_DSN"), "review_app")


def _print_more(more: int) -> None:
    """Say on standard error what a list leaves out, so that neither people nor programs take it for all."""
    if more > 0:
        typer.echo(f"{more} more are not listed; give --limit, or --practice", err=True)


def _print_json(data: list[dict[str, Any]]) -> None:
    typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
