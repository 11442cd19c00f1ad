"""The commands `recordgate rules ...` that need no ledger: look at a ruleset, fill it, sign it."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from joserfc.jwk import OKPKey

from recordgate_runtime.signing_keys import new_key, private_key
from recordgate_schemas.errors import UsageError
from recordgate_streams import ruleset as rulesets
from recordgate_streams.rollout.approvals import ApprovalClaims, rehearsal_id, sign_approval
from recordgate_streams.rollout.names import approver_name
from recordgate_streams.ruleset import (
    Ruleset,
    describe,
    diff,
    document,
    open_ruleset,
    rf2,
    set_file,
)

app = typer.Typer(
    no_args_is_help=True, help="Look at the ruleset, change it and bring it into force."
)

RulesetFile = typer.Argument(
    help="a bundle folder or a packed ruleset", parser=open_ruleset, show_default=False
)
Bundle = Annotated[Ruleset, RulesetFile]
Shipped = Annotated[
    Ruleset | None,
    typer.Argument(
        help="a bundle folder or a packed ruleset; without it, the shipped one",
        parser=open_ruleset,
        show_default=False,
    ),
]
ApproverKey = Annotated[
    OKPKey, typer.Option(help="your private key (PEM)", parser=private_key, metavar="FILE")
]
ApproverName = Annotated[
    str, typer.Option(help="your name among the approvers", parser=approver_name, metavar="NAME")
]
OutFolder = Annotated[Path, typer.Option(help="folder to write to")]


@app.command()
def check(bundle: Shipped = None) -> None:
    """Check a ruleset; every problem is one line with file, line and what would be right."""
    found = bundle or rulesets.current()
    data = found.data
    counts = f"{len(data['switches'])} switches, {len(data['code_sets'])} sets, {len(data['labels'])} labels"
    typer.echo(f"{found.title}: {counts}")
    for one in data["code_sets"]:
        if not one["members"]:
            typer.echo(f"empty: {one['id']} ({one['title']}); {one['provenance']}")


@app.command()
def new(folder: Annotated[Path, typer.Argument(help="a folder that does not exist yet")]) -> None:
    """Copy the shipped ruleset into a folder, to make your own of it."""
    try:
        shutil.copytree(rulesets.SHIPPED, folder)
    except OSError as error:
        raise UsageError(f"{folder.name}: cannot be made: {error.strerror}") from None
    typer.echo(folder)


@app.command("diff")
def show_diff(old: Bundle, new: Bundle) -> None:
    """Say what the second ruleset does differently from the first."""
    typer.echo(f"{old.title} -> {new.title}")
    for line in diff.differences(old, new) or ["no difference"]:
        typer.echo(line)


@app.command()
def explain(
    word: Annotated[str, typer.Argument(help="a reason, switch, number, label, code or set")],
    bundle: Annotated[
        Ruleset | None,
        typer.Option(
            help="another ruleset than the shipped one", parser=open_ruleset, metavar="BUNDLE"
        ),
    ] = None,
) -> None:
    """Say what a word of the ruleset means, what it does here, and which source says so."""
    typer.echo("\n".join(describe.describe(bundle or rulesets.current(), word)))


@app.command("load-refset")
def load_refset(
    file: Annotated[Path, typer.Argument(help="RF2 file of a reference set (Snapshot or Full)")],
    refset: Annotated[str, typer.Option(help="id of the reference set")],
    into: Annotated[Path, typer.Option("--set", help="the code set's TOML file")],
) -> None:
    """Fill a code set from a SNOMED CT reference set you have a licence for."""
    found = rf2.read_reference_set(file, refset)
    before, after = set_file.write_members(into, refset, found)
    counts = f"{len(after.members)} members, {len(before.members)} before"
    typer.echo(f"{after.id}: {counts}; version {after.version}")


@app.command()
def pack(bundle: Shipped = None, out: OutFolder = Path()) -> None:
    """Write a ruleset as one file, named for its hash: what is rehearsed, signed and activated."""
    typer.echo(document.pack(bundle or rulesets.current(), out))


@app.command()
def keygen(key: Annotated[Path, typer.Argument(help="where the new private key goes")]) -> None:
    """Make an approver's key; prints the public key for the table of approvers."""
    typer.echo(new_key(key))


@app.command()
def sign(
    bundle: Bundle,
    *,
    rehearsal: Annotated[
        str, typer.Option(help="the whole id of the rehearsal", parser=rehearsal_id, metavar="ID")
    ],
    accept_appear: Annotated[int, typer.Option(min=0, help="accept that so many appear")] = 0,
    accept_disappear: Annotated[int, typer.Option(min=0, help="accept that so many disappear")] = 0,
    name: ApproverName,
    key: ApproverKey,
    out: OutFolder = Path(),
) -> None:
    """Approve a rehearsed ruleset without the ledger: writes a file for `rules approve --approval`."""
    if bundle.engine != rulesets.engine_hash():
        raise UsageError(f"{bundle.title}: is for another version of the rules; pack it again")
    claims = ApprovalClaims(
        accept_appear=accept_appear,
        accept_disappear=accept_disappear,
        engine=bundle.engine,
        rehearsal=rehearsal,
        ruleset=bundle.hash,
    )
    typer.echo(written(out / f"approval-{name}.jws", sign_approval(claims, name, key)))


def written(file: Path, text: str) -> Path:
    """Write one line into a file and return its path; raise UsageError when that cannot be done."""
    try:
        file.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be written: {error.strerror}") from None
    return file
