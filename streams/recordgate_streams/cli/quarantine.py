"""The commands `recordgate quarantine ...`: what was set aside, repaired and published again where it belongs."""

import getpass
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from recordgate_runtime.arguments import parser
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.positions import read_partitions
from recordgate_runtime.postgres import connect
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import need, settings
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import PoisonError, UsageError
from recordgate_schemas.topics import TOPICS, Principal
from recordgate_streams.lanes.replay import Operator, Quarantine, Replayed, ReplaySender
from recordgate_streams.ledger.quarantine import QuarantinedRecord, QuarantineStore
from recordgate_streams.ledger.quarantine_seal import Seal, read_seal

app = typer.Typer(
    no_args_is_help=True, help="What was set aside because it could not be understood."
)
Where = Annotated[
    Coordinates,
    typer.Argument(
        parser=parser(Coordinates.parse),
        metavar="COORDINATES",
        help="topic/partition/offset, as `list` shows them",
    ),
]
MOST_LISTED = 500
"""How many records a list has unless asked for more: a bad publisher may have sent any number."""

NewFile = Annotated[Path | None, typer.Option(help="write it to this new file, mode 0600")]


@app.command("list")
def list_records(
    *,
    everything: Annotated[bool, typer.Option("--all", help="also what was replayed")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="how many at most")] = MOST_LISTED,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """List what is in quarantine, without any content."""
    with _store() as (store, _):
        found = store.listed(replayed=everything, limit=limit)
        more = store.count(replayed=everything) - len(found)
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in found], indent=2))
    else:
        lines = [f"{one.where}  {one.state}  {_kept(one)}  {one.error}" for one in found]
        typer.echo("\n".join(lines) or "nothing is in quarantine")
    if more > 0:
        typer.echo(f"{more} more are not listed; give --limit", err=True)


@app.command()
def show(where: Where, *, value_to: NewFile = None, key_to: NewFile = None) -> None:
    """Show which rule a record broke and what was done with it; its content only into a file, which is logged."""
    asked = {"value": value_to, "key": key_to}
    files = {name: file for name, file in asked.items() if file is not None}
    with _new_files(files) as opened:
        with _store() as (store, _):
            found = store.find(where)
            contents = {name: _content(store, where, name) for name in files}
            for _ in files:
                store.note(where, "shown", getpass.getuser(), SystemClock().now())
        # the note is committed: only now is content written
        for name, content in contents.items():
            opened[name].write(content)
    done = [f"{action} by {who} at {at.isoformat()}" for action, who, at in found.actions]
    lines = (f"{found.where}  {found.state}  {_kept(found)}", found.error, *done)
    typer.echo("\n".join(lines))


@app.command()
def repair(
    where: Where,
    *,
    file: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="the message: Avro bytes, or JSON")
    ],
) -> None:
    """Put other bytes in a record's place; they must be a valid message of its topic. `replay` publishes them."""
    data = _message_in(file)
    with _store() as (store, partitions):
        try:
            Quarantine(store, _seal(), partitions).repair(where, data, _operator())
        except PoisonError as error:
            raise UsageError(f"--file {file}: {error}") from None
    typer.echo(f"{where} is repaired; publish it with: recordgate quarantine replay {where}")


@app.command()
def replay(where: Where) -> None:
    """Publish a record again in its patient's partition: repaired bytes if there are any. Twice changes nothing."""
    with _store() as (store, partitions):
        need(settings().kafka, "RECORDGATE_KAFKA")
        with closing(ReplaySender(settings().as_user(Principal.OPERATOR), partitions)) as send:
            done = Quarantine(store, _seal(), partitions).replay(where, send, _operator())
    typer.echo("\n".join(_sentences(where, done)))


def _sentences(where: Coordinates, done: Replayed) -> Iterator[str]:
    if done.again:
        yield f"{where} was replayed before; nothing was published"
        return
    yield f"{where} is published again where it belongs"
    if done.confirmed is not None:
        yield f"the patient's state is confirmed through position {done.confirmed}"
    if done.waits_for is not None:
        yield f"the patient's entries stay held until {done.waits_for} is replayed"


def _message_in(file: Path) -> bytes:
    """Return a file's bytes; raise UsageError when it cannot be read or holds more than any message may."""
    most = 2 * max(topic.max_bytes for topic in TOPICS)  # as JSON a body takes a third more
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise UsageError(f"--file {file}: cannot be read ({error.strerror})") from None
    if len(data) > most:
        raise UsageError(f"--file {file}: more than {most} bytes; no message is so large")
    return data


@contextmanager
def _store() -> Iterator[tuple[QuarantineStore, int]]:
    dsn = need(settings().ledger_dsn, "RECORDGATE_LEDGER_DSN")
    with connect(dsn, "quarantine_keeper") as connection:
        yield QuarantineStore(connection), read_partitions(connection) or 1


def _seal() -> Seal | None:
    return read_seal(settings().quarantine_key)


def _needed_seal() -> Seal:
    seal = _seal()
    if seal is None:
        raise UsageError("RECORDGATE_QUARANTINE_KEY is not set; name the key file")
    return seal


def _operator() -> Operator:
    file = settings().operator_key
    key = None if file is None else read_service_key(file, "RECORDGATE_OPERATOR_KEY")
    return Operator(getpass.getuser(), SystemClock().now(), key)


def _kept(one: QuarantinedRecord) -> str:
    return "bytes kept" if one.is_kept else "bytes not kept"


def _as_data(one: QuarantinedRecord) -> dict[str, object]:
    return {
        "coordinates": str(one.where),
        "state": one.state,
        "error": one.error,
        "at": one.at.isoformat(),
        "bytes_kept": one.is_kept,
        "actions": [{"action": a, "who": w, "at": at.isoformat()} for a, w, at in one.actions],
    }


def _content(store: QuarantineStore, where: Coordinates, name: str) -> bytes:
    seal = _needed_seal()
    content = store.value(where, seal) if name == "value" else store.key(where, seal)
    if content is None:
        raise UsageError(f"the record had no {name}, or it was not kept")
    return content


@contextmanager
def _new_files(files: Mapping[str, Path]) -> Iterator[dict[str, BinaryIO]]:
    """Open new files, mode 0600, for the block to write; when anything fails, none of them stays."""
    with ExitStack() as undo:
        opened = {}
        for name, file in files.items():
            opened[name] = undo.enter_context(_open_private(file, name))
            undo.callback(file.unlink, missing_ok=True)
        yield opened
        for out in opened.values():
            out.close()
        undo.pop_all()


def _open_private(file: Path, name: str) -> BinaryIO:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"--{name}-to: {error.strerror}; name a new file") from None
    return os.fdopen(handle, "wb")
