"""The commands `recordgate rules ...` that change the ruleset in force: rehearse, approve, activate, status.

Importing this module adds them to the app of recordgate_streams.cli.rules.
"""

import dataclasses
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from joserfc.jwk import OKPKey

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.postgres import connect
from recordgate_runtime.process import ExitCode
from recordgate_runtime.settings import need, settings
from recordgate_runtime.signing_keys import private_key
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import OdsCode, parse_ods
from recordgate_streams.cli.rollout_text import report_lines, status_lines
from recordgate_streams.cli.rules import RulesetFile, app
from recordgate_streams.ledger.rollout import RolloutStore
from recordgate_streams.rollout import activation, jws, verification
from recordgate_streams.rollout import run as rehearsal_run
from recordgate_streams.rollout.approvals import sign_approval
from recordgate_streams.rollout.checks import claims_of
from recordgate_streams.rollout.names import approver_name
from recordgate_streams.rollout.report import report_data
from recordgate_streams.rollout.run import Part
from recordgate_streams.rollout.status import read_status
from recordgate_streams.ruleset import SHOWN_DIGITS, Ruleset, from_document

__all__ = ["app"]
READER, KEEPER = "ledger_reader", "rule_keeper"

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
RehearsalId = Annotated[
    str, typer.Argument(help="id that `rules rehearse --save` gave, or its first twelve digits")
]
Count = Annotated[int, typer.Option(min=0, help="accept that so many do, beyond the limit")]


@app.command()
def rehearse(
    bundle: Annotated[Ruleset | None, RulesetFile] = None,
    *,
    former: Annotated[bool, typer.Option("--former", help="the one that was replaced")] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="on so many patients instead of all")
    ] = None,
    seed: Annotated[str, typer.Option(help="another seed draws another sample")] = "1",
    practice: Annotated[
        OdsCode | None,
        typer.Option(
            help="on patients of one practice (ODS code)", parser=parse_ods, metavar="ODS"
        ),
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="keep it, so it can be approved")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a ruleset would change, had it been in force; nothing is changed."""
    if sample and practice:
        raise UsageError("rehearse: give --sample or --practice, not both")
    if (bundle is None) != former:
        raise UsageError("rehearse: name a bundle folder or a packed ruleset, or give --former")
    started = time.monotonic()
    with opened(READER) as ledger:
        ruleset = bundle or from_document(rehearsal_run.former_document(ledger))
        part = Part(sample, seed, practice)
        report = rehearsal_run.rehearse(ledger, ruleset, part, SystemClock().now())
    seconds = time.monotonic() - started
    digest = None
    if save:
        with opened(KEEPER) as ledger:
            digest = rehearsal_run.save(ledger, ruleset, report)
    if as_json:
        typer.echo(json.dumps({"rehearsal": digest, "seconds": seconds, **report_data(report)}))
        return
    typer.echo("\n".join(report_lines(report)))
    typer.echo(f"{seconds:.1f} s, {report.scope.patients / seconds:.0f} patients/s")
    if digest:
        typer.echo(f"rehearsal {digest}")


@app.command()
def approve(
    rehearsal: RehearsalId,
    *,
    key: Annotated[
        OKPKey | None,
        typer.Option(help="your private key (PEM)", parser=private_key, metavar="FILE"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="your name among the approvers", parser=approver_name, metavar="NAME"),
    ] = None,
    accept_appear: Count = 0,
    accept_disappear: Count = 0,
    approval: Annotated[
        str | None,
        typer.Option(help="instead: a file made by `rules sign`", parser=jws.read, metavar="FILE"),
    ] = None,
) -> None:
    """Approve a rehearsed ruleset with your signature."""
    with opened(KEEPER) as ledger:
        match key, name, approval:
            case OKPKey(), str(), None:
                found = activation.read_rehearsal(ledger, rehearsal)
                claims = claims_of(found, appear=accept_appear, disappear=accept_disappear)
                signed = sign_approval(claims, name, key)
            case None, None, str(signed):
                found = activation.read_rehearsal(ledger, rehearsal)
            case _:
                raise UsageError("approve: give --key and --name, or --approval with a signed file")
        given = activation.put_approval(ledger, found, signed, SystemClock().now())
    typer.echo(f"{given.approver} approves rehearsal {found.name}")


@app.command()
def activate(rehearsal: RehearsalId) -> None:
    """Bring a rehearsed ruleset that two people approved into force. Status 1: refused, and why.

    Whom to trust is written in the ledger, and is never the choice of whoever activates.
    """
    with opened(KEEPER) as ledger:
        done = activation.activate(ledger, rehearsal, SystemClock().now())
    former, new = done.former[:SHOWN_DIGITS], done.ruleset[:SHOWN_DIGITS]
    typer.echo(f"generation {done.generation}: {former} -> {new}")
    typer.echo("watch its application with `recordgate rules status`")


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Say which ruleset is in force, how far it is applied, and which rehearsals wait for approval."""
    with opened(READER) as ledger:
        found = read_status(ledger)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), default=str))
        return
    typer.echo("\n".join(status_lines(found)))


@app.command()
def verify() -> None:
    """Verify every change of approvers and every activation there has been. Status 1 when one does not hold."""
    with opened(READER) as ledger:
        found = verification.verify(ledger)
    for problem in found.problems:
        typer.echo(problem)
    held = "all hold" if not found.problems else f"{len(found.problems)} problems"
    typer.echo(f"{found.changes} sets of approvers, {found.activations} activations: {held}")
    if found.problems:
        raise typer.Exit(ExitCode.FINDING)


@contextmanager
def opened(role: str) -> Iterator[RolloutStore]:
    """Open the configured ledger as a role."""
    dsn = need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect(dsn, role, autocommit=True) as db:
        yield RolloutStore(db)
