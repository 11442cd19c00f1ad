"""The fault matrix: docs/reliability.toml as the page docs/reliability.md (`make docs`)."""
# ruff: noqa: INP001  a script beside the pages it writes

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "reliability.toml"
PAGE = Path(__file__).parent / "reliability.md"
HEAD = ("row", "fault", "promise", "how it is kept", "tests, or why there is none yet")
OPENING = """# Reliability

Made from `docs/reliability.toml` by `make docs`; do not edit.

What may go wrong, what Recordgate promises then, how it keeps the promise, and which tests show it. A row without a
test says why, and what happens today. *Not shown* is what the tests of a row leave open.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. `tests` are `path::function`; without any, `missing` says why and what happens today."""

    id: str
    group: str
    fault: str
    promise: str
    mechanism: str
    tests: tuple[str, ...] = ()
    missing: str = ""
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rows, and their groups in the order of the page."""

    groups: tuple[str, ...]
    rows: tuple[Row, ...]


def read(text: str | None = None) -> Matrix:
    """Return the matrix as written in the data file, or in `text`."""
    data = tomllib.loads(text if text is not None else DATA.read_text("utf-8"))
    rows = (Row(**{**one, "tests": tuple(one.get("tests", ()))}) for one in data["row"])
    return Matrix(tuple(data["groups"]), tuple(rows))


def page(matrix: Matrix) -> str:
    """Return the page."""
    lines = [OPENING, _summary(matrix.rows)]
    for group in matrix.groups:
        lines += ["", f"## {group}", "", _line(HEAD), _line(("---",) * len(HEAD))]
        lines += [_line(_cells(row)) for row in matrix.rows if row.group == group]
    return "\n".join(lines) + "\n"


def _summary(rows: Sequence[Row]) -> str:
    tested = [row for row in rows if row.tests]
    open_ones = ", ".join(row.id for row in rows if not row.tests)
    partly = sum(bool(row.limits) for row in tested)
    return (
        f"**{len(rows)} rows: {len(tested)} with tests, {len(rows) - len(tested)} without.** Of those with tests,"
        f" {partly} say what they do not show. Without: {open_ones or 'none'}."
    )


def _cells(row: Row) -> tuple[str, ...]:
    shown = [f"`{test}`" for test in row.tests] or [f"**No test.** {row.missing}"]
    if row.limits:
        shown.append(f"*Not shown:* {row.limits}")
    return row.id, row.fault, row.promise, row.mechanism, "<br>".join(shown)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
