"""Shows the queue: a table for people, JSON for programs. No content, no patient: entry ids lead to both."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recordgate_consumers.review.queue import Hold


def as_plain_data(holds: Sequence[Hold]) -> list[dict[str, Any]]:
    """Return the holds as a program gets them, the one due first on top."""
    return [
        {
            "entry_id": hold.entry_id,
            "audience": hold.audience,
            "version": hold.version,
            "practice": hold.practice,
            "queue": hold.queue,
            "kind": hold.kind,
            "event_date": hold.event_date.isoformat() if hold.event_date else None,
            "reasons": hold.reasons,
            "opened_at": hold.opened_at.isoformat(),
            "due_at": hold.due_at.isoformat(),
        }
        for hold in holds
    ]


def print_holds(holds: Sequence[Hold], console: Console) -> None:
    """Print one table, the hold due first on top."""
    table = Table("Due", "Queue", "Practice", "Kind", "Audience", "Reasons", box=box.SIMPLE)
    table.add_column("Entry", overflow="fold")
    for hold in holds:
        due, reasons = hold.due_at.date().isoformat(), ", ".join(hold.reasons)
        cells = (due, hold.queue, hold.practice, hold.kind, hold.audience, reasons, hold.entry_id)
        table.add_row(*map(Text, cells))
    console.print(table)
    console.print(f"{len(holds)} open")
