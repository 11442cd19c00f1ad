"""Decodes Avro strictly, in one pass: for each record a function is written, from its schema and its dataclass.

SAFETY: accepted is exactly what the codec writes. Numbers, lengths and counts are in their shortest form, and not
negative where they must not be; a list is one block; indices of symbols and branches are known; a boolean is 0 or 1;
texts are UTF-8; every value is within its bounds and parses as its type. For mutated messages
`tests/contract/test_strict.py` compares what is refused, and every value, with fastavro.

The functions are written as text and compiled when a schema is first used, as `dataclasses` does it: a tree of closures
takes longer.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from recordgate_schemas.bounds import MOST_ITEMS, Most
from recordgate_schemas.errors import FatalError, InvalidValue, PoisonError
from recordgate_schemas.mapping import PARSERS

Read = Callable[[bytes, int, int], tuple[Any, int]]
"""Given a message, the offset of a value and the message's length, returns the value and the offset after it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MOST_SHIFT = 63
_ONE_BYTE_INDICES = 64

_SHORT = "body: a value goes beyond the message"


def reader(schema: Mapping[str, Any], cls: type) -> Read:
    """Return the function that reads a record of a parsed schema as a dataclass.

    It raises PoisonError; also IndexError where a message ends too soon, ValueError or OverflowError for a bad value.
    """
    return _Writer(_Named({}, {})).record(schema, cls)


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """Return the whole number at `at` and the offset after it."""
    byte = data[at]
    value, shift = byte & 0x7F, 0
    while byte > 0x7F:
        at += 1
        shift += 7
        if shift > _MOST_SHIFT:
            raise PoisonError("body: a number has more than 64 bits")
        byte = data[at]
        value |= (byte & 0x7F) << shift
    if shift and (byte == 0 or value >> 64):
        raise PoisonError("body: a number is not in its shortest form")
    return (value >> 1) ^ -(value & 1), at + 1


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length or count at `at` and the offset after it."""
    value, at = read_long(data, at)
    if value < 0:
        raise PoisonError("body: a length or count is negative")
    return value, at


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _day(days: int) -> date:
    return date.fromordinal(_EPOCH_DAY + days)


class _Named(NamedTuple):
    """What a schema has named so far: readers of records, and members of enumerations by the byte of their index."""

    records: dict[str, Read]
    enums: dict[str, dict[int, StrEnum]]


class _Writer:
    """Writes the function of one record."""

    def __init__(self, known: _Named) -> None:
        self._known = known
        self._used: dict[str, Any] = {
            "length": read_length,
            "long": read_long,
            "instant": _instant,
            "day": _day,
            "Poison": PoisonError,
            "Invalid": InvalidValue,
        }

    def record(self, schema: Mapping[str, Any], cls: type) -> Read:
        """Return the record's reader."""
        hints = typing.get_type_hints(cls, include_extras=True)
        names = [one.name for one in dataclasses.fields(cls)]
        if names != [one["name"] for one in schema["fields"]]:
            raise FatalError(f"schema {schema['name']} and class {cls.__name__} differ in fields")
        lines = ["def read(data, at, size):"]
        for place, one in enumerate(schema["fields"]):
            name = one["name"]
            lines += indented(self._value(one["type"], hints[name], f"v{place}", name))
        arguments = ", ".join(f"v{place}" for place in range(len(names)))
        lines.append(f"    return {self._use(cls)}({arguments}), at")
        exec(compile("\n".join(lines), f"<{cls.__name__}>", "exec"), self._used)  # noqa: S102  see the module's text
        read: Read = self._used["read"]
        self._known.records[schema["name"]] = read
        return read

    def _value(self, schema: Any, hint: Any, to: str, field: str) -> Iterator[str]:
        """Yield the lines that read a value into the variable `to`."""
        most = MOST_ITEMS
        if typing.get_origin(hint) is Annotated:
            hint, bound = typing.get_args(hint)
            most = typing.cast("Most", bound).size
        if isinstance(schema, list):
            yield from self._union(schema, hint, to, field, most)
        elif isinstance(schema, dict) and schema["type"] == "array":
            yield from self._array(schema["items"], typing.get_args(hint)[0], to, field, most)
        elif isinstance(hint, type) and issubclass(hint, StrEnum):
            yield from self._enum(schema, hint, to, field)
        elif isinstance(schema, dict) and schema["type"] == "record":
            yield f"{to}, at = {self._use(self._nested(schema, hint))}(data, at, size)"
        elif isinstance(schema, str) and schema in self._known.records:
            yield f"{to}, at = {self._use(self._known.records[schema])}(data, at, size)"
        else:
            kind = schema if isinstance(schema, str) else schema.get("logicalType", schema["type"])
            yield from _PRIMITIVES[kind](self, hint, to, field, most)

    def _nested(self, schema: Mapping[str, Any], cls: type) -> Read:
        return _Writer(self._known).record(schema, cls)

    def _union(
        self, branches: list[Any], hint: Any, to: str, field: str, most: int
    ) -> Iterator[str]:
        members = [one for one in typing.get_args(hint) if one is not types.NoneType]
        if "null" not in branches:
            named = dict(zip((one.__name__ for one in members), members, strict=True))
            readers = {
                2 * index: self._nested(one, named[one["name"].rpartition(".")[2]])
                for index, one in enumerate(branches)
            }
            yield f"pick = {self._use(readers)}.get(data[at])"
            yield f"if pick is None: raise Poison('{field}: a branch that is not known')"
            yield f"{to}, at = pick(data, at + 1, size)"
            return
        if branches[0] != "null" or len(branches) != 2:
            raise FatalError(f"{field}: a union of null and another type must begin with null")
        [member] = members
        if typing.get_origin(member) is not Annotated:
            member = Annotated[member, Most(most)]
        yield "branch = data[at]; at += 1"
        yield f"if branch == 0: {to} = None"
        yield "elif branch == 2:"
        yield from indented(self._value(branches[1], member, to, field))
        yield f"else: raise Poison('{field}: a branch that is not known')"

    def _array(self, items: Any, hint: Any, to: str, field: str, most: int) -> Iterator[str]:
        count, made, item = f"{to}_count", f"{to}_made", f"{to}_item"
        yield f"{made} = []"
        yield f"{count}, at = length(data, at)"
        yield f"if {count}:"
        yield f"    if {count} > {most}: raise Invalid('{field}: has more than {most} items')"
        yield f"    for _ in range({count}):"
        yield from indented(indented(self._value(items, hint, item, field)))
        yield f"        {made}.append({item})"
        yield f"    if data[at]: raise Poison('{field}: a list in more than one block')"
        yield "    at += 1"
        yield f"{to} = tuple({made})"

    def _enum(self, schema: Any, cls: type[StrEnum], to: str, field: str) -> Iterator[str]:
        name = schema if isinstance(schema, str) else schema["name"]
        if isinstance(schema, dict):
            if len(schema["symbols"]) > _ONE_BYTE_INDICES:
                raise FatalError(f"{name}: more symbols than one byte can tell")
            values = {one.value: one for one in cls}
            self._known.enums[name] = {
                2 * index: values[symbol]
                for index, symbol in enumerate(schema["symbols"])
                if symbol in values
            }
        yield f"{to} = {self._use(self._known.enums[name])}.get(data[at]); at += 1"
        yield f"if {to} is None: raise Invalid('{field}: must be one of {', '.join(cls)}')"

    def sized(self, to: str, field: str, most: int) -> Iterator[str]:
        """Yield the lines that read bytes with their length before them."""
        yield "n = data[at]"
        yield "if n & 0x81: n, at = length(data, at)"
        yield "else: n >>= 1; at += 1"
        yield f"if n > {most}: raise Invalid('{field}: has more than {most} bytes')"
        yield f"if at + n > size: raise Poison('{_SHORT}')"
        yield f"{to} = data[at:at + n]; at += n"

    def text(self, hint: Any, to: str, field: str, most: int) -> Iterator[str]:
        yield from self.sized(to, field, most)
        yield f"{to} = {to}.decode()"
        if parse := PARSERS.get(hint):
            yield f"{to} = {self._use(parse)}({to})"
        else:
            yield f"if '\\0' in {to}: raise Invalid('{field}: must be text without NUL')"

    def _use(self, thing: Any) -> str:
        """Return the name under which the function finds something."""
        name = f"g{len(self._used)}"
        self._used[name] = thing
        return name


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Return lines of Python one level further in."""
    return (f"    {line}" for line in lines)


def _bytes(writer: _Writer, _hint: Any, to: str, field: str, most: int) -> Iterator[str]:
    return writer.sized(to, field, most)


def _boolean(_writer: _Writer, _hint: Any, to: str, field: str, _most: int) -> Iterator[str]:
    yield "n = data[at]; at += 1"
    yield f"if n > 1: raise Poison('{field}: is no boolean')"
    yield f"{to} = n == 1"


def _number(convert: str) -> Callable[..., Iterator[str]]:
    def lines(_writer: _Writer, _hint: Any, to: str, _field: str, _most: int) -> Iterator[str]:
        yield f"{to}, at = long(data, at)"
        if convert:
            yield f"{to} = {convert}({to})"

    return lines


_PRIMITIVES: dict[str, Callable[..., Iterator[str]]] = {
    "string": _Writer.text,
    "bytes": _bytes,
    "boolean": _boolean,
    "long": _number(""),
    "int": _number(""),
    "date": _number("day"),
    "timestamp-micros": _number("instant"),
}
