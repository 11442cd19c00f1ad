"""Shows a view: a table for people, JSON for programs. Neither reveals that anything is missing.

SAFETY: version numbers and the redaction flag stay out: they would reveal that there is more than is shown.
"""

import base64
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recordgate_consumers.view.public_ids import with_public_ids
from recordgate_consumers.view.read import VisibleEntry
from recordgate_consumers.view.rendering import parse_body, render
from recordgate_schemas.entry import Kind

SECTIONS = {
    Kind.CONSULTATION: "Consultations",
    Kind.PROBLEM: "Problems",
    Kind.MEDICATION: "Medicines",
    Kind.ALLERGY: "Allergies",
    Kind.IMMUNISATION: "Immunisations",
    Kind.TEST_RESULT: "Test results",
    Kind.REPORT: "Test results",
    Kind.BATTERY: "Test results",
    Kind.TEST_GROUP: "Test results",
    Kind.DOCUMENT: "Documents",
    Kind.REFERRAL: "Referrals",
    Kind.OBSERVATION: "Observations",
    Kind.LIST: "Lists",
    Kind.DIARY: "Recalls",
}
OTHER = "Other"
NOTICE = "This is the part of the GP record that is available online."


def view_as_data(entries: Sequence[VisibleEntry]) -> list[dict[str, Any]]:
    """Return the view as a program gets it: an opaque id and the resource, newest first."""
    resources = [parse_body(entry.body) for entry in entries]
    named = with_public_ids([entry.public_id for entry in entries], resources)
    return [
        {
            "public_id": str(entry.public_id),
            "kind": entry.kind,
            "event_date": entry.event_date.isoformat() if entry.event_date else None,
            "recorded_at": entry.recorded_at.isoformat() if entry.recorded_at else None,
            **_content(entry, resource),
        }
        for entry, resource in zip(entries, named, strict=True)
    ]


def _content(entry: VisibleEntry, resource: dict[str, Any] | None) -> dict[str, Any]:
    if resource is not None:
        return {"resource": resource}
    encoded = base64.b64encode(entry.body).decode("ascii")
    return {"body_type": entry.body_type, "body_base64": encoded}


def print_view(entries: Sequence[VisibleEntry], console: Console) -> None:
    """Print a table a section. The notice is the same for every patient."""
    order = list(dict.fromkeys((*SECTIONS.values(), OTHER)))
    by_section = sorted(entries, key=lambda entry: order.index(_section(entry)))
    for section, group in groupby(by_section, key=_section):
        console.print(_table(section, group))
    console.print(NOTICE)


def _section(entry: VisibleEntry) -> str:
    try:
        return SECTIONS.get(Kind(entry.kind), OTHER)
    except ValueError:
        return OTHER


def _table(section: str, entries: Any) -> Table:
    table = Table("Date", "Entry", "Text", title=section, title_justify="left", box=box.SIMPLE)
    for entry in entries:
        rendered = render(parse_body(entry.body) or {"resourceType": "Document"})
        date = entry.event_date.isoformat() if entry.event_date else ""
        table.add_row(date, Text(rendered.title), Text(rendered.text))
    return table
