"""Shows holds and tasks: a table for people, JSON for programs. No content, and no patient unless asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from recordgate_consumers.review.items import Item, why_next


def as_data(items: Sequence[Item], now: datetime, *, numbers: bool) -> list[dict[str, Any]]:
    """Return the items as a program gets them, in the order of the queue; with the patients' numbers if asked for."""
    return [
        {
            "id": str(item.id),
            "entry_id": item.entry_id or None,
            "audience": item.audience,
            "version": item.version,
            "practice": item.practice,
            "queue": item.queue,
            "owner": item.owner,
            "state": item.state,
            "kind": item.kind,
            "event_date": item.event_date.isoformat() if item.event_date else None,
            "reasons": item.reasons,
            "hide_first": item.hide_first,
            "bulk_release": item.bulk_release,
            "opened_at": item.opened_at.isoformat(),
            "due_at": item.due_at.isoformat(),
            "escalated": item.escalated,
            "why": why_next(item, now),
            **({"nhs_number": item.nhs_number} if numbers else {}),
        }
        for item in items
    ]


def print_items(
    items: Sequence[Item], console: Console, total: int, now: datetime, *, numbers: bool
) -> None:
    """Print one table, in the order of the queue. "Offer" is the outcome a reviewer should think of first."""
    about = ("Patient",) if numbers else ()
    table = _table("Why it is next", "Owner", "Kind", "Audience", "Offer", *about, "Entry", "Item")
    for item in items:
        offer = "withhold" if item.hide_first else "release" if item.what == "hold" else ""
        cells = (why_next(item, now), item.owner, item.kind or "", item.audience, offer)
        patient = (item.nhs_number,) if numbers else ()
        table.add_row(*map(Text, (*cells, *patient, item.entry_id, str(item.id))))
    console.print(table)
    console.print(f"{total} open")


def _table(*columns: str) -> Table:
    """What is looked up elsewhere or typed again stays in one piece; nothing is cut off on a narrow screen."""
    unbroken = ("Offer", "Patient", "Item")
    return Table(
        *(Column(c, overflow="fold", no_wrap=c in unbroken) for c in columns), box=box.SIMPLE
    )
