"""Shows holds and tasks: a table for people, JSON for programs. No content, and no patient unless asked for."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from recordgate_consumers.review.queue import Hold, ReviewTask


def holds_as_data(holds: Sequence[Hold]) -> list[dict[str, Any]]:
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
            "hide_first": hold.hide_first,
            "bulk_release": hold.bulk_release,
            "opened_at": hold.opened_at.isoformat(),
            "due_at": hold.due_at.isoformat(),
        }
        for hold in holds
    ]


def print_holds(holds: Sequence[Hold], console: Console, total: int) -> None:
    """Print one table, the hold due first on top. "Offer" is the outcome a reviewer should think of first."""
    table = _table("Due", "Queue", "Practice", "Kind", "Audience", "Offer", "Reasons", "Entry")
    for hold in holds:
        due, reasons = hold.due_at.date().isoformat(), ", ".join(hold.reasons)
        offer = "withhold" if hold.hide_first else "release"
        cells = (due, hold.queue, hold.practice, hold.kind, hold.audience, offer, reasons)
        table.add_row(*map(Text, (*cells, hold.entry_id)))
    console.print(table)
    console.print(f"{total} open")


def tasks_as_data(tasks: Sequence[ReviewTask], *, numbers: bool) -> list[dict[str, Any]]:
    """Return the tasks as a program gets them, what is urgent on top; with the patients' numbers if asked for."""
    return [
        {
            "kind": task.kind,
            "reason": task.reason,
            "practice": task.practice,
            "audience": task.audience,
            "entry_id": task.entry_id,
            "opened_at": task.opened_at.isoformat(),
            **({"nhs_number": task.nhs_number} if numbers else {}),
        }
        for task in tasks
    ]


def print_tasks(
    tasks: Sequence[ReviewTask], console: Console, total: int, *, numbers: bool
) -> None:
    """Print one table, what is urgent on top; with the patients' numbers if asked for."""
    about = ("Patient", "Entry") if numbers else ("Entry",)
    table = _table("Opened", "Kind", "Reason", "Practice", "Audience", *about)
    for task in tasks:
        opened = task.opened_at.date().isoformat()
        cells = (opened, task.kind, task.reason, task.practice, task.audience)
        patient = (task.nhs_number,) if numbers else ()
        table.add_row(*map(Text, (*cells, *patient, task.entry_id or "")))
    console.print(table)
    console.print(f"{total} open")


def _table(*columns: str) -> Table:
    """What is looked up elsewhere or typed again stays in one piece; nothing is cut off on a narrow screen."""
    unbroken = ("Offer", "Patient")
    return Table(
        *(Column(c, overflow="fold", no_wrap=c in unbroken) for c in columns), box=box.SIMPLE
    )
