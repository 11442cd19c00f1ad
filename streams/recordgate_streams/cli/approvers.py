"""The commands `recordgate rules approvers ...`: who may approve a ruleset, and how that changes.

Importing this module adds them to the app of recordgate_streams.cli.rules.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from recordgate_runtime.clock import SystemClock
from recordgate_streams.cli.rollout import KEEPER, READER, opened
from recordgate_streams.cli.rules import ApproverKey, ApproverName, OutFolder, app, written
from recordgate_streams.rollout import approvers, jws
from recordgate_streams.rollout.approvers import ApproverSet
from recordgate_streams.ruleset import SHOWN_DIGITS

__all__ = ["app"]
commands = typer.Typer(no_args_is_help=True, help="Who may approve a ruleset.")
app.add_typer(commands, name="approvers")

Table = Annotated[
    Mapping[str, Any],
    typer.Argument(
        help="TOML file with a table [approvers] of name = public key",
        parser=approvers.read_approvers,
    ),
]


@commands.command()
def init(file: Table) -> None:
    """Install the first approvers of a ledger; refused when there are any."""
    first = approvers.approver_set(file)
    with opened(KEEPER) as ledger:
        approvers.install(ledger.approvers, first, SystemClock().now())
    typer.echo(f"approvers {', '.join(first.approvers)}; digest {first.digest}")


@commands.command()
def propose(file: Table, out: OutFolder = Path()) -> None:
    """Write a file that two of the approvers in force have to sign before it comes into force."""
    with opened(READER) as ledger:
        former = approvers.trusted_approvers(ledger.approvers.changes()).set
    proposed = approvers.approver_set(file, former.digest)
    for line in approvers.differences(former, proposed):
        typer.echo(line)
    name = f"approvers-{proposed.digest[:SHOWN_DIGITS]}.json"
    typer.echo(written(out / name, proposed.document))


@commands.command()
def approve(
    proposal: Annotated[
        ApproverSet,
        typer.Argument(
            help="file that `rules approvers propose` wrote", parser=approvers.read_proposal
        ),
    ],
    *,
    key: ApproverKey,
    name: ApproverName,
    out: OutFolder = Path(),
) -> None:
    """Sign a proposed set of approvers. Needs no ledger."""
    for approver, public in proposal.approvers.items():
        typer.echo(f"{approver} {public}")
    typer.echo(f"in place of the set with digest {proposal.former}")
    text = approvers.sign_change(proposal, name, key)
    typer.echo(written(out / f"approvers-{proposal.digest[:SHOWN_DIGITS]}-{name}.jws", text))


@commands.command()
def change(
    signatures: Annotated[
        list[str],
        typer.Argument(help="files that `rules approvers approve` wrote", parser=jws.read),
    ],
) -> None:
    """Bring a set of approvers into force that two of the former ones signed."""
    with opened(KEEPER) as ledger:
        number, lines = approvers.change(ledger.approvers, signatures, SystemClock().now())
    typer.echo("\n".join([*lines, f"change {number}"]))


@commands.command("list")
def list_approvers() -> None:
    """Show every approver there has been, with their keys, and verify that each change was signed."""
    with opened(READER) as ledger:
        trusted = approvers.trusted_approvers(ledger.approvers.changes())
        history = ledger.approvers.history()
    for one in history:
        until = "now" if one.retired_by is None else f"change {one.retired_by}"
        typer.echo(f"{one.name} {one.public_key} from change {one.valid_from} to {until}")
    typer.echo(f"change {trusted.change}, digest {trusted.set.digest}")
