"""The commands `recordgate rules ...` that change the ruleset in force: rehearse, approve, activate, status.

Importing this module adds them to the app of recordgate_streams.cli.rules.
"""

import dataclasses
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import need, settings
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import parse_ods
from recordgate_streams.cli.rollout_text import report_lines, status_lines
from recordgate_streams.cli.rules import app
from recordgate_streams.rollout import activation
from recordgate_streams.rollout import run as rehearsal_run
from recordgate_streams.rollout.checks import subject_of
from recordgate_streams.rollout.report import Report, report_data
from recordgate_streams.rollout.run import Part
from recordgate_streams.rollout.status import read_status
from recordgate_streams.ruleset import Ruleset, document, signing

__all__ = ["app"]
READER, KEEPER = "ledger_reader", "rule_keeper"

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
RehearsalId = Annotated[str, typer.Argument(help="id that `rules rehearse --save` gave")]


@app.command()
def rehearse(
    bundle: Annotated[
        Path | None,
        typer.Argument(help="a bundle folder or a packed ruleset", show_default=False),
    ] = None,
    *,
    former: Annotated[bool, typer.Option("--former", help="the one that was replaced")] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="on so many patients instead of all")
    ] = None,
    seed: Annotated[str, typer.Option(help="another seed draws another sample")] = "1",
    practice: Annotated[
        str | None, typer.Option(help="on patients of one practice (ODS code)")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="keep it, so it can be approved")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a ruleset would change, had it been in force; nothing is changed."""
    if sample and practice:
        raise UsageError("rehearse: give --sample or --practice, not both")
    ruleset = _wanted(bundle, former=former)
    part = Part(sample, seed, parse_ods(practice) if practice else None)
    started = time.monotonic()
    with connect(_ledger(), READER, autocommit=True) as db:
        report = rehearsal_run.rehearse(db, ruleset, part, SystemClock().now())
    seconds = time.monotonic() - started
    name = _save(ruleset, report) if save else None
    if as_json:
        typer.echo(json.dumps({"rehearsal": name, "seconds": seconds, **report_data(report)}))
        return
    typer.echo("\n".join(report_lines(report)))
    typer.echo(f"{seconds:.1f} s, {report.scope.patients / seconds:.0f} patients/s")
    if name:
        typer.echo(f"rehearsal {name}")


@app.command()
def approve(
    rehearsal: RehearsalId,
    *,
    key: Annotated[Path | None, typer.Option(help="your private key (PEM)")] = None,
    name: Annotated[str, typer.Option(help="your name in the file of trusted approvers")] = "",
    accept_appear: Annotated[
        int, typer.Option(min=0, help="accept that so many appear, beyond the limit")
    ] = 0,
    accept_disappear: Annotated[
        int, typer.Option(min=0, help="accept that so many disappear, beyond the limit")
    ] = 0,
    approval: Annotated[
        Path | None, typer.Option(help="instead: a file made by `rules sign`")
    ] = None,
) -> None:
    """Approve a rehearsed ruleset with your signature."""
    if (key is None) == (approval is None):
        raise UsageError("approve: give --key and --name, or --approval with a signed file")
    with connect(_ledger(), KEEPER, autocommit=True) as db:
        if key:
            subject = subject_of(
                activation.read_rehearsal(db, rehearsal),
                appear=accept_appear,
                disappear=accept_disappear,
            )
            signed = signing.sign(subject, name, key)
        else:
            signed = signing.read_approval(approval or Path())
        if signed.subject.rehearsal != rehearsal:
            raise UsageError(f"approval of {signed.approver}: is for another rehearsal")
        activation.put_approval(db, signed, SystemClock().now())
    typer.echo(f"{signed.approver} approves rehearsal {rehearsal}")


@app.command()
def activate(rehearsal: RehearsalId) -> None:
    """Bring a rehearsed ruleset that two people approved into force. Status 1: refused, and why.

    Whom to trust is a setting, RECORDGATE_APPROVERS, and never the choice of whoever activates.
    """
    if not settings().approvers:
        raise UsageError("RECORDGATE_APPROVERS is not set; name the file of trusted approvers")
    trusted = signing.read_approvers(Path(settings().approvers))
    with connect(_ledger(), KEEPER, autocommit=True) as db:
        done = activation.activate(db, rehearsal, trusted, SystemClock().now())
    typer.echo(f"generation {done.generation}: {done.former} -> {done.ruleset}")
    typer.echo("watch its application with `recordgate rules status`")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Say which ruleset is in force, how far it is applied, and which rehearsals wait for approval."""
    with connect(_ledger(), READER, autocommit=True) as db:
        found = read_status(db)
    if found is None:
        raise UsageError("ledger: nothing was decided yet; start the decider first")
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), default=str))
        return
    typer.echo("\n".join(status_lines(found)))


def _wanted(bundle: Path | None, *, former: bool) -> Ruleset:
    if (bundle is None) != former:
        raise UsageError("rehearse: name a bundle folder or a packed ruleset, or give --former")
    if bundle:
        return document.open_ruleset(bundle)
    with connect(_ledger(), READER, autocommit=True) as db:
        return document.from_document(rehearsal_run.former_document(db))


def _save(ruleset: Ruleset, report: Report) -> str:
    with connect(_ledger(), KEEPER, autocommit=True) as db:
        return rehearsal_run.save(db, ruleset, report)


def _ledger() -> str:
    return need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
