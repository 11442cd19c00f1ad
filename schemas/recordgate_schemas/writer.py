"""Encodes dataclasses as Avro: for each record a function is written, from schema and dataclass, as in reader.py.

What it writes is what fastavro writes (`tests/contract/test_strict.py` compares them), and what the reader accepts:
each value is checked against its bounds on the way out, too.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from recordgate_schemas.bounds import MOST_ITEMS, Most
from recordgate_schemas.errors import FatalError, InvalidValue
from recordgate_schemas.reader import indented
from recordgate_schemas.values import NhsNumber

Write = Callable[[Any, bytearray], None]
"""Given a value and what was written before it, adds the value."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_64_BITS = 1 << 63


def writer(schema: Mapping[str, Any], cls: type) -> Write:
    """Return the function that writes a dataclass as a record of a parsed schema.

    It raises InvalidValue for what is out of bounds, and whatever Python raises for a value of another type.
    """
    return _Writer(_Named({}, {})).record(schema, cls)


def write_long(value: int, out: bytearray) -> None:
    """Add a whole number of 64 bits: zigzag, seven bits a byte, the lowest first."""
    if not -_64_BITS <= value < _64_BITS:
        raise InvalidValue("a number: must be a whole number of 64 bits")
    left = value << 1 if value >= 0 else ~(value << 1)
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)


def _micros(value: datetime, field: str) -> int:
    if value.tzinfo is None:
        raise InvalidValue(f"{field}: must carry a time zone")
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _days(value: date) -> int:
    return value.toordinal() - _EPOCH_DAY


def _utf8(value: str, field: str) -> bytes:
    """Return a text as bytes that Avro and PostgreSQL can hold."""
    if "\0" in value:
        raise InvalidValue(f"{field}: must be text without NUL")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidValue(f"{field}: must be text without halves of characters") from None


class _Named(NamedTuple):
    """What a schema has named so far: writers of records, and the bytes of an enumeration's members."""

    records: dict[str, Write]
    enums: dict[str, dict[StrEnum, int]]


class _Writer:
    """Writes the function of one record."""

    def __init__(self, known: _Named) -> None:
        self._known = known
        self._used: dict[str, Any] = {
            "long": write_long,
            "micros": _micros,
            "days": _days,
            "utf8": _utf8,
            "Invalid": InvalidValue,
        }

    def record(self, schema: Mapping[str, Any], cls: type) -> Write:
        """Return the record's writer."""
        hints = typing.get_type_hints(cls, include_extras=True)
        if [one.name for one in dataclasses.fields(cls)] != [f["name"] for f in schema["fields"]]:
            raise FatalError(f"schema {schema['name']} and class {cls.__name__} differ in fields")
        lines = ["def write(value, out):"]
        for one in schema["fields"]:
            name = one["name"]
            lines += indented(self._value(one["type"], hints[name], f"value.{name}", name))
        lines.append("    return None")
        exec(compile("\n".join(lines), f"<{cls.__name__}>", "exec"), self._used)  # noqa: S102  see reader.py
        write: Write = self._used["write"]
        self._known.records[schema["name"]] = write
        return write

    def _value(self, schema: Any, hint: Any, of: str, field: str) -> Iterator[str]:
        """Yield the lines that write the value of the expression `of`."""
        most = MOST_ITEMS
        if typing.get_origin(hint) is Annotated:
            hint, bound = typing.get_args(hint)
            most = typing.cast("Most", bound).size
        if isinstance(schema, list):
            yield from self._union(schema, hint, of, field, most)
        elif isinstance(schema, dict) and schema["type"] == "array":
            yield from self._array(schema["items"], typing.get_args(hint)[0], of, field, most)
        elif isinstance(hint, type) and issubclass(hint, StrEnum):
            yield f"out.append({self._use(self._bytes_of(schema, hint))}[{of}])"
        elif isinstance(schema, dict) and schema["type"] == "record":
            yield f"{self._use(self._nested(schema, hint))}({of}, out)"
        elif isinstance(schema, str) and schema in self._known.records:
            yield f"{self._use(self._known.records[schema])}({of}, out)"
        else:
            kind = schema if isinstance(schema, str) else schema.get("logicalType", schema["type"])
            of = f"{of}.digits" if hint is NhsNumber else of
            yield from _PRIMITIVES[kind](of, field, most)

    def _nested(self, schema: Mapping[str, Any], cls: type) -> Write:
        return _Writer(self._known).record(schema, cls)

    def _union(
        self, branches: list[Any], hint: Any, of: str, field: str, most: int
    ) -> Iterator[str]:
        members = [one for one in typing.get_args(hint) if one is not types.NoneType]
        if "null" not in branches:
            named = {one.__name__: one for one in members}
            classes = [named[one["name"].rpartition(".")[2]] for one in branches]
            writers = {
                cls: (2 * index, self._nested(one, cls))
                for index, (one, cls) in enumerate(zip(branches, classes, strict=True))
            }
            yield f"index, write_it = {self._use(writers)}[type({of})]"
            yield "out.append(index)"
            yield f"write_it({of}, out)"
            return
        [member] = members
        if typing.get_origin(member) is not Annotated:
            member = Annotated[member, Most(most)]
        yield f"if {of} is None: out.append(0)"
        yield "else:"
        yield "    out.append(2)"
        yield from indented(self._value(branches[1], member, of, field))

    def _array(self, items: Any, hint: Any, of: str, field: str, most: int) -> Iterator[str]:
        item = field + "_item"
        yield f"if {of}:"
        yield f"    if len({of}) > {most}: raise Invalid('{field}: has more than {most} items')"
        yield f"    long(len({of}), out)"
        yield f"    for {item} in {of}:"
        yield from indented(indented(self._value(items, hint, item, field)))
        yield "out.append(0)"

    def _bytes_of(self, schema: Any, cls: type[StrEnum]) -> dict[StrEnum, int]:
        """Return the byte of the index of each member."""
        name = schema if isinstance(schema, str) else schema["name"]
        if isinstance(schema, dict):
            symbols = schema["symbols"]
            self._known.enums[name] = {one: 2 * symbols.index(one.value) for one in cls}
        return self._known.enums[name]

    def _use(self, thing: Any) -> str:
        """Return the name under which the function finds something."""
        name = f"g{len(self._used)}"
        self._used[name] = thing
        return name


def _sized(of: str, field: str, most: int) -> Iterator[str]:
    yield f"data = {of}"
    yield "n = len(data)"
    yield f"if n > {most}: raise Invalid('{field}: has more than {most} bytes')"
    yield "if n < 64: out.append(n << 1)"
    yield "else: long(n, out)"
    yield "out += data"


def _long(of: str) -> Iterator[str]:
    yield f"n = {of}"
    yield "if 0 <= n < 64: out.append(n << 1)"
    yield "else: long(n, out)"


_PRIMITIVES: dict[str, Callable[[str, str, int], Iterator[str]]] = {
    "string": lambda of, field, most: _sized(f"utf8({of}, '{field}')", field, most),
    "bytes": _sized,
    "boolean": lambda of, _field, _most: iter([f"out.append(1 if {of} else 0)"]),
    "long": lambda of, _field, _most: _long(of),
    "int": lambda of, _field, _most: _long(of),
    "date": lambda of, _field, _most: iter([f"long(days({of}), out)"]),
    "timestamp-micros": lambda of, field, _most: iter([f"long(micros({of}, '{field}'), out)"]),
}
