"""The commands `recordgate rules ...` that look at a ruleset, fill it and sign it."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from recordgate_schemas.errors import UsageError
from recordgate_streams import ruleset as rulesets
from recordgate_streams.ruleset import Ruleset, describe, diff, document, rf2, set_file, signing

app = typer.Typer(
    no_args_is_help=True, help="Look at the ruleset, change it and bring it into force."
)

Bundle = Annotated[Path, typer.Argument(help="a bundle folder or a packed ruleset")]
Shipped = Annotated[
    Path,
    typer.Argument(
        help="a bundle folder or a packed ruleset; without it, the shipped one", show_default=False
    ),
]


@app.command()
def check(bundle: Shipped = rulesets.SHIPPED) -> None:
    """Check a ruleset; every problem is one line with file, line and what would be right."""
    found = document.open_ruleset(bundle)
    typer.echo(f"{_named(found)}: {_counted(found)}")
    for one in found.data["code_sets"]:
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
    before, after = document.open_ruleset(old), document.open_ruleset(new)
    typer.echo(f"{_named(before)} -> {_named(after)}")
    for line in diff.differences(before, after) or ["no difference"]:
        typer.echo(line)


@app.command()
def explain(
    word: Annotated[str, typer.Argument(help="a reason, switch, number, label, code or set")],
    bundle: Annotated[
        Path, typer.Option(help="another ruleset than the shipped one", show_default=False)
    ] = rulesets.SHIPPED,
) -> None:
    """Say what a word of the ruleset means, what it does here, and which source says so."""
    typer.echo("\n".join(describe.describe(document.open_ruleset(bundle), word)))


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
def pack(
    bundle: Shipped = rulesets.SHIPPED,
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path(),
) -> None:
    """Write a ruleset as one file, named for its hash: what is rehearsed, signed and activated."""
    typer.echo(document.pack(document.open_ruleset(bundle), out))


@app.command()
def keygen(key: Annotated[Path, typer.Argument(help="where the new private key goes")]) -> None:
    """Make an approver's key; prints the public key for the file of trusted approvers."""
    typer.echo(signing.new_key(key))


@app.command()
def sign(
    bundle: Bundle,
    *,
    rehearsal: Annotated[str, typer.Option(help="id of the rehearsal this approval rests on")],
    appear: Annotated[int, typer.Option(min=0, help="entries that would newly appear")],
    disappear: Annotated[int, typer.Option(min=0, help="entries that would go away or be held")],
    approver: Annotated[str, typer.Option(help="your name in the file of trusted approvers")],
    key: Annotated[Path, typer.Option(help="your private key (PEM)")],
    out: Annotated[Path, typer.Option(help="folder to write the approval to")] = Path(),
) -> None:
    """Approve that a ruleset comes into force with what its rehearsal found."""
    found = document.open_ruleset(bundle)
    if found.engine != rulesets.engine_hash():
        raise UsageError(f"{bundle.name}: is for another version of the rules; pack it again")
    subject = signing.Subject(found.hash, found.engine, rehearsal, appear, disappear)
    approval = signing.sign(subject, approver, key)
    typer.echo(signing.write_approval(approval, out))


def _named(found: Ruleset) -> str:
    return f"{found.name} {found.version} {found.hash}"


def _counted(found: Ruleset) -> str:
    data = found.data
    return f"{len(data['switches'])} switches, {len(data['code_sets'])} sets, {len(data['labels'])} labels"
