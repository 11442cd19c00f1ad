"""Loads named statements from a package's .sql file; their rows as values, and values as columns.

Each statement starts with a line `-- name: what_it_does` and a comment saying what it is for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import LiteralString, TypeVar, cast

import psycopg
from psycopg.rows import class_row

from recordgate_schemas.errors import FatalError

_Row = TypeVar("_Row")
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Statements:
    """The statements of one file, by name."""

    def __init__(self, package: str, file: str) -> None:
        text = (resources.files(package) / file).read_text("utf-8")
        parts = _NAME.split(text)[1:]
        self._by_name = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
        self._file = file

    def __getitem__(self, name: str) -> LiteralString:
        """Return the statement; it is as literal as the file it was shipped in."""
        if name not in self._by_name:
            raise FatalError(f"{self._file}: no statement named {name}")
        return cast("LiteralString", self._by_name[name])


def rows_as(
    kind: type[_Row],
    db: psycopg.Connection,
    statement: LiteralString,
    values: Mapping[str, object] | None = None,
) -> list[_Row]:
    """Return the rows of a statement as values of a class that has the columns as fields."""
    with db.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(statement, values).fetchall()


def columns(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, list[object]]:
    """Return rows as columns by name, for PostgreSQL's `unnest`; an empty dictionary for no rows."""
    by_column = [list(column) for column in zip(*rows, strict=True)]
    return dict(zip(names, by_column, strict=True)) if by_column else {}
