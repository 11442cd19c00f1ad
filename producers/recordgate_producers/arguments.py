"""The types of the command line's options: help texts, and parsers that refuse a wrong value in one line."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from recordgate_producers.fhir import parse_system
from recordgate_producers.fhir.dates import day, instant
from recordgate_runtime.arguments import parser
from recordgate_schemas.control import Level
from recordgate_schemas.values import OdsCode, parse_ods


def _day(option: str, text: str) -> Any:
    parse = parser(day, f"{option}: give a date such as 2023-10-31")
    return typer.Option(option, parser=parse, metavar="DATE", help=text)


Paths = Annotated[
    list[str],
    typer.Argument(
        help="FHIR Bundles (.json, .json.gz), controls (.jsonl, .ndjson), folders, or - for standard input"
    ),
]
NhsNumberText = Annotated[
    str | None,
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
Practice = Annotated[
    OdsCode | None,
    typer.Option(
        parser=parser(parse_ods),
        metavar="ODS",
        help="ODS code of the practice, over what the record says.",
    ),
]
System = Annotated[
    str | None,
    typer.Option(
        parser=parser(parse_system),
        help="Clinical system, a part of every entry id; detected if not given.",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        parser=parser(instant, "--as-of: give a date or time such as 2026-03-02T09:30:00Z"),
        metavar="TIME",
        help="When the record was extracted; later extracts need later times.",
    ),
]
Snapshot = Annotated[
    bool,
    typer.Option(
        "--snapshot", help="These are complete records: what is not in them is gone at source."
    ),
]
Register = Annotated[bool, typer.Option("--register", help="Also register the patients.")]
RegisteredOn = Annotated[
    date | None, _day("--registered-on", "Registration date, with --register.")
]
AccessLevel = Annotated[Level, typer.Option(help="Access level, with --register.")]
HistoricSince = Annotated[
    date | None,
    _day(
        "--historic-since",
        "Also give access to what was recorded from this day on, with --register.",
    ),
]
RecordChecked = Annotated[
    bool,
    typer.Option(
        "--record-checked", help="The record was checked before historic access was given."
    ),
]
GrantFrom = Annotated[
    date | None,
    _day("--grant-from", "Own access granted at 13 to 15 from this day, with --register."),
]
SignWith = Annotated[
    Path | None,
    typer.Option(
        "--sign-with",
        metavar="FILE",
        help="A service's private key, for controls that count only with a signature.",
    ),
]
RefusedFolder = Annotated[
    Path | None,
    typer.Option(
        "--refused",
        metavar="FOLDER",
        help="Where to keep what is refused, readable to its owner only; RECORDGATE_HOME/refused if not given.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and report, publish nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the account as JSON.")]
