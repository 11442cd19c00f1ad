"""The commands of the decider: `decide`, `explain`, `account`."""

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, cast

import typer

from recordgate_runtime.arguments import ask_nhs_number
from recordgate_runtime.postgres import connect
from recordgate_runtime.process import ExitCode, run_process
from recordgate_runtime.settings import Settings, need, settings
from recordgate_schemas.topics import Principal
from recordgate_schemas.values import parse_audience, parse_entry_id
from recordgate_streams.inspection import explanations
from recordgate_streams.inspection.entries_log import EntriesLog, LogState, entries_log
from recordgate_streams.lanes.lane import LaneName
from recordgate_streams.ledger.account import Account, Miscount, read_account, recount
from recordgate_streams.ledger.explanation import explain as explain_entry
from recordgate_streams.ledger.rules import in_force_for_reading

MOST_LINES = 1000
"""How many lines an explanation has: an entry that was decided for years for many proxies would fill any screen."""

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]


class Engine(StrEnum):
    """What runs a lane."""

    FAUST = "faust"
    BULK = "bulk"


def decide(
    lane: Annotated[str, typer.Option(help="entries or controls")],
    engine: Annotated[
        Engine | None, typer.Option(help="what runs it; RECORDGATE_ENGINE if not given")
    ] = None,
) -> None:
    """Run one lane of the decider until stopped."""
    if lane not in ("entries", "controls"):
        raise typer.BadParameter("must be entries or controls", param_hint="--lane")
    run = _runner(engine or Engine(settings().engine))
    run_process(lambda: run(cast("LaneName", lane), settings().as_user(f"decide-{lane}")))


def _runner(engine: Engine) -> Callable[[LaneName, Settings], None]:
    """Return what runs a lane; only the engine asked for is imported, as Faust takes a second."""
    if engine is Engine.BULK:
        from recordgate_streams.engines.bulk import run  # noqa: PLC0415
    else:
        from recordgate_streams.engines.faust import run  # noqa: PLC0415
    return run


class Reader(StrEnum):
    """Whom an explanation is for."""

    PATIENT = "patient"
    REVIEWER = "reviewer"
    ENGINEER = "engineer"


def explain(
    entry_id: str,
    reader: Annotated[Reader, typer.Option("--for", help="who reads it")] = Reader.REVIEWER,
    audience: Annotated[str, typer.Option(help="for --why-not: self or proxy:GRANT")] = "self",
    *,
    why_not: Annotated[bool, typer.Option(help="say what keeps it from the audience")] = False,
    of_patient: Annotated[
        bool,
        typer.Option(
            "--of-patient",
            help="ask for the NHS number, or read it from stdin; needed when several patients have the id",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what was decided about an entry, and why: to a patient, a reviewer or an engineer."""
    dsn = need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
    patient = ask_nhs_number() if of_patient else None
    with connect(dsn, "ledger_reader") as connection:
        used = in_force_for_reading(connection)
        # SAFETY: a patient reads the same words about what is hidden and about what does not exist
        if reader is Reader.PATIENT:
            print(explanations.for_patient(used.reasons))  # noqa: T201
            return
        found = explain_entry(connection, parse_entry_id(entry_id), patient)
    if as_json:
        print(json.dumps(dataclasses.asdict(found), default=str, indent=2))  # noqa: T201
        return
    lines: list[str] = [found.entry_id]
    if why_not:
        lines += explanations.why_not(found, parse_audience(audience), used.reasons)
    elif reader is Reader.REVIEWER:
        lines += explanations.for_reviewer(found, used.reasons)
    else:
        lines += explanations.for_engineer(found, used.hash)
    print_bounded(lines)


def print_bounded(lines: Sequence[str]) -> None:
    """Print the first lines; how many more there are goes to standard error."""
    print("\n".join(lines[:MOST_LINES]))  # noqa: T201
    if (more := len(lines) - MOST_LINES) > 0:
        typer.echo(f"{more} more lines are not shown; --json has all", err=True)


def account(
    *,
    as_json: AsJson = False,
    again: Annotated[
        bool, typer.Option("--recount", help="compare the counts with every decision in force")
    ] = False,
) -> None:
    """Account for every entry record: what was received, and what became of it.

    Status 1 unless it balances, and if the broker has another log than the one that was read, or lost what was not read
    yet; 4 if it balances and Kafka does not say.
    """
    known = settings().as_user(Principal.METRICS)
    dsn = need(known.ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect(dsn, "ledger_reader" if again else "metrics") as connection:
        found = read_account(connection)
        miscounts = recount(connection) if again else []
        log = entries_log(connection, known)
    counted = {"miscounts": [dataclasses.asdict(one) for one in miscounts]} if again else {}
    lines = [_account_lines(found, log), *(_recount_lines(miscounts) if again else ())]
    data = dataclasses.asdict(found) | counted | {"log": log.state, "waiting": log.waiting}
    print(json.dumps(data) if as_json else "\n".join(lines))  # noqa: T201
    if found.unaccounted or miscounts or log.state in (LogState.ANOTHER, LogState.GONE):
        sys.exit(ExitCode.FINDING)
    sys.exit(ExitCode.DEPENDENCY_DOWN if log.state is LogState.UNKNOWN else ExitCode.OK)


def _account_lines(found: Account, log: EntriesLog) -> str:
    lines = [f"{n:>8}  {outcome}  {reason}" for outcome, reason, n in found.outcomes]
    return "\n".join([*lines, found.sentence(), *filter(None, [log.sentence])])


def _recount_lines(miscounts: Sequence[Miscount]) -> list[str]:
    lines = [
        f"partition {one.partition}: {one.counted} counted as {one.outcome} {one.reason}, {one.found} found"
        for one in miscounts
    ]
    return lines or ["recount: every outcome is counted as it is"]
