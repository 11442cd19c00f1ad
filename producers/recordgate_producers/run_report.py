"""The account of a run: a table for people, one JSON object for programs. No clinical text, no NHS number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from recordgate_producers.fhir import ResourceOutcome, ResourceReport
from recordgate_producers.publishing import FileReport


@dataclass(frozen=True, slots=True)
class TypeSummary:
    """How many resources of a type had which outcome, and the reasons with counts."""

    type: str
    published: int
    contained: int
    skipped: int
    refused: int
    why: tuple[str, ...]


def summarise_by_type(resources: Sequence[ResourceReport]) -> list[TypeSummary]:
    """Return one line per resource type, in alphabetical order."""
    return [_summary(kind, resources) for kind in sorted({one.type for one in resources})]


def totals(reports: Sequence[FileReport]) -> dict[str, int]:
    """Return the numbers of a run."""
    outcomes = Counter(one.outcome for report in reports for one in report.resources)
    return {
        "files": len(reports),
        "resources": outcomes.total(),
        **{outcome.value: outcomes[outcome] for outcome in ResourceOutcome},
        "entries": sum(report.entries for report in reports),
        "controls": sum(report.controls for report in reports),
        "problems": sum(len(report.problems) for report in reports),
    }


def as_json(reports: Sequence[FileReport], kept: Path | None = None) -> dict[str, Any]:
    """Return the account of a run as data for orjson. `kept`: the file of what was refused."""
    return {
        "totals": totals(reports),
        "refused_file": None if kept is None else str(kept),
        "types": summarise_by_type(_resources(reports)),
        "files": [
            {
                "name": report.name,
                "entries": report.entries,
                "controls": report.controls,
                "types": summarise_by_type(report.resources),
                "notices": report.notices,
                "problems": report.problems,
            }
            for report in reports
        ],
    }


def show(console: Console, reports: Sequence[FileReport], kept: Path | None = None) -> None:
    """Print the account of a run: a row per resource type, notices, totals."""
    counted = (outcome.value for outcome in ResourceOutcome)
    columns = (Column(name, justify="right", no_wrap=True) for name in counted)
    table = Table(Column("resource", no_wrap=True), *columns, "why", box=None, pad_edge=False)
    for row in summarise_by_type(_resources(reports)):
        counts = (row.published, row.contained, row.skipped, row.refused)
        table.add_row(row.type, *(str(count or "") for count in counts), "; ".join(row.why))
    if table.rows:
        console.print(table)
    for report in reports:
        for notice in report.notices:
            console.print(f"{report.name}: note: {notice}", markup=False, soft_wrap=True)
    line = ", ".join(f"{key} {value}" for key, value in totals(reports).items())
    console.print(line, soft_wrap=True)
    if kept is not None:
        advice = "mend it at its source and publish that again"
        console.print(f"refused, kept in {kept}: {advice}", markup=False, soft_wrap=True)


def _resources(reports: Sequence[FileReport]) -> list[ResourceReport]:
    return [one for report in reports for one in report.resources]


def _summary(kind: str, resources: Sequence[ResourceReport]) -> TypeSummary:
    of_type = [one for one in resources if one.type == kind]
    outcomes = Counter(one.outcome for one in of_type)
    reasons = Counter(one.reason for one in of_type if one.reason)
    why = tuple(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
    return TypeSummary(type=kind, why=why, **{one.value: outcomes[one] for one in ResourceOutcome})
