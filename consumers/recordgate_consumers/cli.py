"""The consumers' commands for people and programs: `view`, `holds`, `tasks`, `review`. Mounted by `recordgate`.

A patient's number given as an argument is seen by everyone who may list this machine's processes: give `-` and type it,
or pipe it, instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import simplejson
import typer
from rich.console import Console

from recordgate_consumers.review.deciding import Decided, decide_now, undo
from recordgate_consumers.review.desk import Desk, Reviewer, Times
from recordgate_consumers.review.items import MOST_ON_A_PAGE, Seen
from recordgate_consumers.review.rules import Decision, Role, check_decision
from recordgate_consumers.review.show_work import as_data, print_items
from recordgate_consumers.review.workflow import Action, State, What
from recordgate_consumers.view.read import read_view
from recordgate_consumers.view.show_view import print_view, view_as_data
from recordgate_runtime.arguments import ask_nhs_number, parser
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import need, settings
from recordgate_schemas.control import ReviewGround
from recordgate_schemas.entry import ElementKind
from recordgate_schemas.messages import Queue
from recordgate_schemas.values import (
    SELF,
    Audience,
    NhsNumber,
    OdsCode,
    parse_audience,
    parse_ods,
)


def _read_nhs_number(argument: str) -> NhsNumber:
    return ask_nhs_number() if argument == "-" else NhsNumber.parse(argument.strip())


AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON list.")]
PracticeOption = Annotated[
    OdsCode,
    typer.Option(parser=parser(parse_ods), metavar="ODS", help="The practice, by its ODS code."),
]
Waiting = Annotated[bool, typer.Option("--waiting", help="What is put off, and in no queue.")]
QueueOption = Annotated[Queue | None, typer.Option(help="One queue; all without it.")]
MOST_LISTED = 50
"""How many rows a list has unless asked for more: a queue may have grown to any length."""
Limit = Annotated[int, typer.Option(min=1, max=MOST_ON_A_PAGE, help="How many at most.")]

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
    *,
    practice: PracticeOption,
    queue: QueueOption = None,
    waiting: Waiting = False,
    limit: Limit = MOST_LISTED,
    as_json: AsJson = False,
) -> None:
    """List what waits for a decision, in the order in which it should be looked at, and why in that order."""
    _list(What.HOLD, practice, queue, limit, waiting=waiting, as_json=as_json, numbers=False)


def tasks(
    *,
    practice: PracticeOption,
    queue: QueueOption = None,
    waiting: Waiting = False,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Name patients by NHS number.")
    ] = False,
    limit: Limit = MOST_LISTED,
    as_json: AsJson = False,
) -> None:
    """List work about a patient, a grant or an entry beyond deciding a hold, in the same order."""
    _list(What.TASK, practice, queue, limit, waiting=waiting, as_json=as_json, numbers=numbers)


def review(
    item: Annotated[
        UUID, typer.Argument(metavar="ITEM", help="The item, as `holds` and `tasks` name it.")
    ],
    action: Annotated[Action, typer.Argument(help="What to do with it.")],
    *,
    practice: PracticeOption,
    reviewer: Annotated[str, typer.Option(help="Who decides; events carry this name.")],
    role: Annotated[Role, typer.Option(help="As what.")] = Role.ADMIN,
    ground: Annotated[ReviewGround | None, typer.Option(help="Why; needed to withhold.")] = None,
    opinion_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of a clinician's opinion (serious harm)."),
    ] = None,
    leave_out: Annotated[
        list[ElementKind] | None,
        typer.Option(help="For release_without: kinds of elements that are left out."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="For wait: until when.")
    ] = None,
    proposes: Annotated[
        Action | None, typer.Option(help="For ask_second_opinion: your own.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="For not_mine: whose it is.")] = None,
) -> None:
    """Decide a hold or a task. The decider checks a release again: facts that moved hold the entry again."""
    decision = Decision(
        action,
        ground or ReviewGround.CHECKED,
        opinion_on.date() if opinion_on else None,
        tuple(leave_out or ()),
        until.replace(tzinfo=UTC) if until else None,
        proposes,
        to_reviewer=to,
    )
    check_decision(decision, role, SystemClock().now().date())
    key = read_service_key(settings().review_key, "RECORDGATE_REVIEW_KEY")
    with _desk(Reviewer(reviewer, practice, role)) as desk:
        if decision.action is Action.UNDO:
            undo(desk, item)
            typer.echo("undone; it is open again")
            return
        decided = decide_now(desk, Seen.of(desk.item(item)), decision, key)
    typer.echo(_answer(decided))


def _answer(decided: Decided) -> str:
    if decided.state is not State.DECIDED or decided.undo_until is None:
        return f"recorded; it is {decided.state.replace('_', ' ')}"
    until = decided.undo_until.astimezone().strftime("%H:%M:%S")
    return f"decided; the outcome is sent from {until} on and can be undone before"


def _list(
    what: What,
    practice: OdsCode,
    queue: Queue | None,
    limit: int,
    *,
    waiting: bool,
    as_json: bool,
    numbers: bool,
) -> None:
    with _desk(Reviewer("list", practice, Role.ADMIN)) as desk:
        if waiting:
            found = desk.waiting(what, limit=limit)
            total = len(found)
        else:
            found, total = desk.page(what, queue=queue, limit=limit), desk.count(what, queue)
    now = SystemClock().now()
    if as_json:
        _print_json(as_data(found, now, numbers=numbers))
    else:
        print_items(found, Console(), total, now, numbers=numbers)
    if total > len(found):
        typer.echo(f"{total - len(found)} more are not listed; give --limit or --queue", err=True)


@contextmanager
def _desk(reviewer: Reviewer) -> Iterator[Desk]:
    known = settings()
    times = Times(timedelta(seconds=known.review_lease_s), timedelta(seconds=known.review_undo_s))
    dsn = need(known.review_dsn, "RECORDGATE_REVIEW_DSN")
    with connect(dsn, "review_app", autocommit=True) as connection:
        yield Desk(connection, reviewer, SystemClock(), times)


def _print_json(data: list[dict[str, Any]]) -> None:
    typer.echo(simplejson.dumps(data, indent=2, ensure_ascii=False))
