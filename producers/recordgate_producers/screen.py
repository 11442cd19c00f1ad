"""How a run's account looks: a table for people, one JSON object for programs. No clinical text, no NHS number."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from recordgate_producers.fhir import Fate, TypeRow, by_type
from recordgate_producers.run import FileReport


def totals(reports: Sequence[FileReport]) -> dict[str, int]:
    """Return the numbers of a run."""
    rows = _rows(reports)
    return {
        "files": len(reports),
        "resources": sum(row.total for row in rows),
        "published": sum(row.published for row in rows),
        "contained": sum(row.contained for row in rows),
        "skipped": sum(row.skipped for row in rows),
        "refused": sum(row.refused for row in rows),
        "entries": sum(report.entries for report in reports),
        "controls": sum(report.controls for report in reports),
        "problems": sum(len(report.problems) for report in reports),
    }


def as_json(reports: Sequence[FileReport]) -> dict[str, Any]:
    """Return the account of a run as plain data."""
    return {
        "totals": totals(reports),
        "types": [_plain(row) for row in _rows(reports)],
        "files": [
            {
                "name": report.name,
                "entries": report.entries,
                "controls": report.controls,
                "types": [_plain(row) for row in by_type(report.fates)],
                "notices": _notices(report),
                "problems": list(report.problems),
            }
            for report in reports
        ],
    }


def show(console: Console, reports: Sequence[FileReport]) -> None:
    """Print the account of a run: a row per resource type, notices, totals."""
    columns = ("resource", "published", "contained", "skipped", "refused", "why")
    table = Table(*columns, box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for column in table.columns[1:5]:
        column.justify = "right"
        column.no_wrap = True
    for row in _rows(reports):
        counts = (row.published, row.contained, row.skipped, row.refused)
        table.add_row(row.type, *(str(count or "") for count in counts), "; ".join(row.why))
    if table.rows:
        console.print(table)
    for report in reports:
        for notice in _notices(report):
            console.print(f"{report.name}: note: {notice}", markup=False, soft_wrap=True)
    line = ", ".join(f"{key} {value}" for key, value in totals(reports).items())
    console.print(line, soft_wrap=True)


def _rows(reports: Sequence[FileReport]) -> tuple[TypeRow, ...]:
    fates: list[Fate] = [fate for report in reports for fate in report.fates]
    return by_type(fates)


def _notices(report: FileReport) -> list[str]:
    """Return each kind of notice once, with how often it applies."""
    counts: dict[tuple[str, str], list[int]] = {}
    for notice in report.notices:
        counts.setdefault((notice.type, notice.text), []).append(notice.index)
    return [
        f"entry {places[0]}{f' and {len(places) - 1} more' if len(places) > 1 else ''}: {kind}: {text}"
        for (kind, text), places in counts.items()
    ]


def _plain(row: TypeRow) -> dict[str, Any]:
    return {
        "type": row.type,
        "published": row.published,
        "contained": row.contained,
        "skipped": row.skipped,
        "refused": row.refused,
        "why": list(row.why),
    }
