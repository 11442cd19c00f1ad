"""Section 2, "latest": what controls of one kind stated, and when."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from recordgate_audit.model.history import Change, Control, History


def controls_of(history: History, kind: str) -> list[Control]:
    """Return all controls of one kind."""
    return [control for control in history.controls if control.change["type"] == kind]


def stated_at(history: History, kind: str, **fields: object) -> list[datetime]:
    """Return the instants from which a change of this kind, with these fields, was ever stated to count."""
    return [
        control.counts_from
        for control in controls_of(history, kind)
        if all(control.change[name] == value for name, value in fields.items())
    ]


def still_on(on: Sequence[datetime], off: Sequence[datetime]) -> bool:
    """Whether it is on: the latest "on" is at or after the latest "off"."""
    if not on:
        return False
    return not off or max(on) >= max(off)


def latest(statements: Sequence[Control], strictness: Callable[[Change], Any]) -> Control:
    """Return the latest statement; at equal instants the more restrictive one."""
    return max(statements, key=lambda stated: (stated.counts_from, strictness(stated.change)))


def latest_by(
    history: History, kind: str, about: tuple[str, ...], strictness: Callable[[Change], Any]
) -> dict[Any, Change]:
    """Return for each thing the statements are about (the values of these fields) the latest one."""

    def thing(control: Control) -> Any:
        values = tuple(control.change[name] for name in about)
        return values[0] if len(values) == 1 else values

    controls = controls_of(history, kind)
    return {
        one: latest([c for c in controls if thing(c) == one], strictness).change
        for one in {thing(control) for control in controls}
    }


def first_after(starts: Sequence[datetime], instants: Sequence[datetime]) -> datetime | None:
    """Return the first instant after the latest start, if there was a start."""
    if not starts:
        return None
    later = [instant for instant in instants if instant > max(starts)]
    return min(later) if later else None
