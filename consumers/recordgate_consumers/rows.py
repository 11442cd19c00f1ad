"""Messages as rows of a table: the newest per key, and rows turned on their side as `unnest` takes them."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, TypeVar

Columns = dict[str, list[object]]


class Row(Protocol):
    """A dataclass with one field a column. `sequence`: its message's number; of two the higher is the newer."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def sequence(self) -> int:
        """The message's number."""

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What the row is about."""


R = TypeVar("R", bound=Row)


def newest_rows(rows: Iterable[R]) -> list[R]:
    """Return one row a key, the one with the highest sequence number, in key order."""
    newest: dict[Any, R] = {}
    for row in rows:
        known = newest.get(row.key)
        if known is None or known.sequence < row.sequence:
            newest[row.key] = row
    return [newest[key] for key in sorted(newest)]


def columns(rows: Sequence[Row]) -> Columns:
    """Return the columns of rows of one kind, at least one, by field name."""
    return {f.name: [getattr(row, f.name) for row in rows] for f in fields(rows[0])}
