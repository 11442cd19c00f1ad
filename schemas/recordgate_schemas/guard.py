"""Walks an Avro body without building objects, and refuses lists that would cost far more memory than their bytes.

Only for large messages: a small one cannot hurt. The codec's canonical check catches everything else.
"""

from collections.abc import Callable, Mapping
from typing import Any

from recordgate_schemas.bounds import MOST_ITEMS
from recordgate_schemas.errors import PoisonError

LARGE_BYTES = 32 * 1024
"""Messages up to this size are decoded without a walk."""

MANY_ITEMS = 1_000
LEAST_ITEM_BYTES = 8
"""A list of more than MANY_ITEMS must have at least so many bytes an item: real codes and ids have more."""

Skip = Callable[[bytes, int], int]
"""Given the message and the offset of a value, returns the offset after it."""


def walker(schema: Any, known: dict[str, Skip] | None = None) -> Skip:
    """Return the function that walks a value of a parsed schema; it raises PoisonError."""
    known = {} if known is None else known
    if isinstance(schema, list):
        return _union([walker(branch, known) for branch in schema])
    if isinstance(schema, str):
        return known.get(schema) or _PRIMITIVES[schema]
    return _complex(schema, known)


def _complex(schema: Mapping[str, Any], known: dict[str, Skip]) -> Skip:
    match schema["type"]:
        case "record":
            fields = [walker(field["type"], known) for field in schema["fields"]]
            known[schema["name"]] = _record(fields)
            return known[schema["name"]]
        case "enum":
            known[schema["name"]] = _skip_long
            return _skip_long
        case "array":
            return _array(walker(schema["items"], known))
        case primitive:
            return _PRIMITIVES[primitive]


def _record(fields: list[Skip]) -> Skip:
    def skip(data: bytes, at: int) -> int:
        for field in fields:
            at = field(data, at)
        return at

    return skip


def _union(branches: list[Skip]) -> Skip:
    def skip(data: bytes, at: int) -> int:
        index, at = _long(data, at)
        if not 0 <= index < len(branches):
            raise PoisonError("body: a union's index is out of range")
        return branches[index](data, at)

    return skip


def _array(item: Skip) -> Skip:
    def skip(data: bytes, at: int) -> int:
        begin, total = at, 0
        while True:
            count, at = _long(data, at)
            if count == 0:
                return at
            total += count
            if count < 0 or total > min(len(data), MOST_ITEMS):
                raise PoisonError(f"body: a list has more than {MOST_ITEMS} items")
            for _ in range(count):
                at = item(data, at)
            if total > MANY_ITEMS and (at - begin) < total * LEAST_ITEM_BYTES:
                raise PoisonError("body: a list of very many, very small items")

    return skip


def _long(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise PoisonError("body: ends in the middle of a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def _skip_long(data: bytes, at: int) -> int:
    return _long(data, at)[1]


def _skip_bytes(data: bytes, at: int) -> int:
    length, at = _long(data, at)
    if not 0 <= length <= len(data) - at:
        raise PoisonError("body: a length goes beyond the message")
    return at + length


_PRIMITIVES: dict[str, Skip] = {
    "null": lambda _data, at: at,
    "boolean": lambda _data, at: at + 1,
    "int": _skip_long,
    "long": _skip_long,
    "string": _skip_bytes,
    "bytes": _skip_bytes,
}
