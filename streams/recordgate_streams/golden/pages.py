"""The golden cases as rows of text, for the rule book."""

from collections.abc import Iterator
from typing import Any

from recordgate_streams.golden.cases import Case, Fields, Unchecked, cases

HEAD = ("row", "who and when", "for", "expected", "reasons", "basis")
Row = tuple[str, ...]


def groups() -> Iterator[tuple[str, list[Row]]]:
    """Yield the name of each group and its rows, in the cells of `HEAD`."""
    for group in dict.fromkeys(case.group for case in cases()):
        yield group, [_row(case) for case in cases() if case.group == group]


def unseen() -> Iterator[Row]:
    """Yield row number and what a run in memory, and one through the product, cannot see of it."""
    for case in cases():
        if case.unchecked != Unchecked():
            yield case.row, case.unchecked.pure or "-", case.unchecked.pipeline or "-"


def _row(case: Case) -> Row:
    part = f" of `{case.part}`" if case.part else ""
    return (
        case.row,
        case.title + _with("with", case.rules) + _with("then with", case.then_rules),
        "proxies" if case.is_proxys else "patient",
        f"`{case.expect}`{part}",
        ", ".join(f"`{reason}`" for reason in case.reasons),
        case.basis + (f"; {case.remark}" if case.remark else ""),
    )


def _with(word: str, rules: Fields) -> str:
    changes = "; ".join(f"`{name}` {_plain(value)}" for name, value in rules.items())
    return f" ({word} {changes})" if changes else ""


def _plain(value: Any) -> str:
    """A value of a table as a reader says it."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
