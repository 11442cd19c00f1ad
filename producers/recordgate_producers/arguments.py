"""The command line's options: their types with help texts, and how their text becomes values."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from recordgate_producers import exit_codes
from recordgate_producers.fhir.dates import day, instant
from recordgate_producers.numbers import Numbers
from recordgate_producers.sources import STDIN
from recordgate_schemas.control import Level
from recordgate_schemas.errors import PoisonError, RetryableError, UsageError

T = TypeVar("T")

Paths = Annotated[
    list[str],
    typer.Argument(
        help="FHIR Bundles (.json, .json.gz), controls (.jsonl, .ndjson), folders, or - for standard input"
    ),
]
NhsNumberText = Annotated[
    str,
    typer.Option(
        "--nhs-number",
        help="Give the record this number; - reads it from standard input. Other users of the machine can see a"
        " number on a command line: write test numbers only there.",
    ),
]
NhsNumberFile = Annotated[
    Path | None,
    typer.Option("--nhs-number-file", help="File with one number, or lines `Patient-id number`."),
]
Practice = Annotated[str, typer.Option(help="ODS code of the practice, over what the record says.")]
System = Annotated[
    str, typer.Option(help="Clinical system, a part of every entry id; detected if not given.")
]
AsOf = Annotated[
    str, typer.Option(help="When the record was extracted; later extracts need later times.")
]
Snapshot = Annotated[
    bool,
    typer.Option(
        "--snapshot", help="These are whole records: what is not in them is gone at source."
    ),
]
Register = Annotated[bool, typer.Option("--register", help="Also register the patients.")]
RegisteredOn = Annotated[str, typer.Option(help="Registration date, with --register.")]
AccessLevel = Annotated[Level, typer.Option(help="Access level, with --register.")]
HistoricSince = Annotated[
    str,
    typer.Option(help="Also give access to what was recorded from this day on, with --register."),
]
RecordChecked = Annotated[
    bool,
    typer.Option(
        "--record-checked", help="The record was checked before historic access was given."
    ),
]
GrantFrom = Annotated[
    str, typer.Option(help="Own access granted at 13 to 15 from this day, with --register.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and report, publish nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the account as JSON.")]


def day_option(name: str, written: str) -> date | None:
    """Return the day an option gives, None if it is not given; raise UsageError naming the option."""
    return _parsed(name, written, day, "a date such as 2023-10-31")


def time_option(name: str, written: str) -> datetime | None:
    """Return the moment an option gives, None if it is not given; raise UsageError naming the option."""
    return _parsed(name, written, instant, "a date or time such as 2026-03-02T09:30:00Z")


def value_option(written: str, parse: Callable[[str], T]) -> T | None:
    """Return what `parse` makes of an option, None if it is not given."""
    return parse(written) if written else None


def numbers_option(written: str, file: Path | None, paths: Sequence[str]) -> Numbers:
    """Return the NHS numbers given; raise UsageError, never quoting one."""
    if written and file:
        raise UsageError("give --nhs-number or --nhs-number-file, not both")
    if written == STDIN and STDIN in paths:
        raise UsageError(
            "standard input cannot give both the record and the number; use --nhs-number-file"
        )
    if file is not None:
        try:
            return Numbers.read(file.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"--nhs-number-file {file}: cannot be read as text") from None
    if written == STDIN:
        return Numbers.read(sys.stdin.read().splitlines())
    return Numbers.read([written])


@contextlib.contextmanager
def one_line_errors(errors: Console) -> Iterator[None]:
    """Turn what can go wrong on purpose into one line and an exit status."""
    try:
        yield
    except (UsageError, PoisonError) as error:
        complain(errors, str(error))
        raise typer.Exit(exit_codes.USAGE) from None
    except RetryableError as error:
        complain(errors, str(error))
        raise typer.Exit(exit_codes.UNREACHABLE) from None


def complain(errors: Console, problem: str) -> None:
    """Print one problem on one line."""
    line = problem.replace("\n", " ")
    errors.print(f"error: {line}", markup=False, highlight=False, soft_wrap=True)


def _parsed(name: str, written: str, parse: Callable[[str], T | None], form: str) -> T | None:
    found = parse(written) if written else None
    if written and found is None:
        raise UsageError(f"{name}: give {form}")
    return found
