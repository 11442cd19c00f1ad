"""Turns the product's dataclasses into plain data and back, driven by their type hints.

One walk serves two forms: Avro's (dates as dates, bytes as bytes) and JSON's (ISO text, base64). Whatever does not
parse raises InvalidValue naming the field, never the value.
"""

import base64
import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from recordgate_schemas.bounds import Most
from recordgate_schemas.errors import InvalidValue
from recordgate_schemas.values import (
    Audience,
    EntryId,
    GrantId,
    NhsNumber,
    OdsCode,
    parse_audience,
    parse_entry_id,
    parse_grant_id,
    parse_ods,
)

Form = Literal["avro", "json"]
Load = Callable[[Any], Any]
Dump = Callable[[Any], Any]


class Pair(NamedTuple):
    """How to load and dump one type; None means the value goes through unchanged."""

    load: Load
    dump: Dump | None


def mapper(cls: type, form: Form) -> Pair:
    """Return the loader and dumper of dataclass `cls` in `form`."""
    return _record(cls, form)


def _pair(hint: Any, form: Form, field: str) -> Pair:
    origin = typing.get_origin(hint)
    if origin is Annotated:
        base, most = typing.get_args(hint)
        return _bounded(_pair(base, form, field), most, field)
    if origin in (types.UnionType, typing.Union):
        return _union(typing.get_args(hint), form, field)
    if origin is tuple:
        return _array(typing.get_args(hint)[0], form, field)
    if dataclasses.is_dataclass(hint) and hint is not NhsNumber:
        return _record(typing.cast("type", hint), form)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum(hint, field)
    return _leaf(hint, form, field)


def _record(cls: type, form: Form) -> Pair:
    hints = typing.get_type_hints(cls, include_extras=True)
    pairs = {f.name: _pair(hints[f.name], form, f.name) for f in dataclasses.fields(cls)}
    required = {
        f.name
        for f in dataclasses.fields(cls)
        if form == "avro" or (f.default is f.default_factory is dataclasses.MISSING)
    }
    loads = [(name, pair.load) for name, pair in pairs.items()]
    dumps = [(name, pair.dump) for name, pair in pairs.items()]

    def load(data: Any) -> Any:
        if type(data) is dict and data.keys() == pairs.keys():  # the usual case
            return cls(**{name: convert(data[name]) for name, convert in loads})
        if not isinstance(data, Mapping):
            raise InvalidValue(f"{cls.__name__}: must be an object with named fields")
        if data.keys() - pairs.keys():
            raise InvalidValue(f"{cls.__name__}: {unknown_fields(data, pairs)}")
        if required - data.keys():
            missing = ", ".join(sorted(required - data.keys()))
            raise InvalidValue(f"{cls.__name__}: missing field {missing}")
        return cls(**{name: convert(data[name]) for name, convert in loads if name in data})

    def dump(value: Any) -> dict[str, Any]:
        return {
            name: getattr(value, name) if convert is None else convert(getattr(value, name))
            for name, convert in dumps
        }

    return Pair(load, dump)


def unknown_fields(given: Iterable[object], known: Iterable[str]) -> str:
    """Return what is wrong with fields that are not known, and which known ones they may be meant for.

    SAFETY: the names given are not repeated: where an export puts data in their place, they may name a patient.
    """
    names = tuple(known)
    extra = sorted(str(name) for name in set(given) - set(names))
    near = sorted({match for name in extra for match in get_close_matches(name, names, 1)})
    meant = f"; did you mean {', '.join(near)}?" if near else ""
    return f"{len(extra)} unknown field{'s' if len(extra) > 1 else ''}{meant}; known: {', '.join(names)}"


def _bounded(pair: Pair, most: Most, field: str) -> Pair:
    def load(data: Any) -> Any:
        if isinstance(data, list):  # before any work is done on its items
            most.check(data, field)
        value = pair.load(data)
        most.check(value, field)
        return value

    def dump(value: Any) -> Any:
        most.check(value, field)
        return value if pair.dump is None else pair.dump(value)

    return Pair(load, dump)


def _array(item: Any, form: Form, field: str) -> Pair:
    load_item, dump_item = _pair(item, form, field)

    def load(data: Any) -> tuple[Any, ...]:
        if not isinstance(data, list):
            raise InvalidValue(f"{field}: must be a list")
        return tuple([load_item(part) for part in data])

    def dump(value: tuple[Any, ...]) -> list[Any]:
        return list(value) if dump_item is None else [dump_item(part) for part in value]

    return Pair(load, dump)


def _union(members: tuple[Any, ...], form: Form, field: str) -> Pair:
    concrete = [m for m in members if m is not type(None)]
    if len(concrete) == 1:
        load_one, dump_one = _pair(concrete[0], form, field)
        return Pair(
            lambda data: None if data is None else load_one(data),
            None if dump_one is None else lambda value: None if value is None else dump_one(value),
        )
    return _tagged({cls.__name__: (cls, _record(cls, form)) for cls in concrete}, form, field)


def _tagged(members: dict[str, tuple[type, Pair]], form: Form, field: str) -> Pair:
    """A union of records: `(name, fields)` in Avro, `{"type": name, ...fields}` in JSON."""

    def load(data: Any) -> Any:
        try:
            name, fields = (
                (data[0].rpartition(".")[2], data[1])
                if form == "avro"
                else (data["type"], {k: v for k, v in data.items() if k != "type"})
            )
            pair = members[name][1]
        except (KeyError, TypeError, IndexError, AttributeError):
            known = ", ".join(sorted(members))
            raise InvalidValue(f"{field}: type must be one of {known}") from None
        return pair.load(fields)

    def dump(value: Any) -> Any:
        name = type(value).__name__
        dump_fields = members[name][1].dump
        fields = dump_fields(value) if dump_fields else value
        return (f"uk.recordgate.{name}", fields) if form == "avro" else {"type": name, **fields}

    return Pair(load, dump)


def _enum(cls: type[StrEnum], field: str) -> Pair:
    symbols = {member.value: member for member in cls}

    def load(data: Any) -> StrEnum:
        try:
            return symbols[data]
        except (KeyError, TypeError):
            raise InvalidValue(f"{field}: must be one of {', '.join(symbols)}") from None

    return Pair(load, lambda value: value.value)


def _leaf(hint: Any, form: Form, field: str) -> Pair:
    if hint in PARSERS:
        dump = (lambda value: value.digits) if hint is NhsNumber else None
        return Pair(_text(PARSERS[hint], field), dump)
    if hint is datetime:
        return _instant(form, field)
    if form == "json" and hint in _JSON:
        parse, render = _JSON[hint]
        return Pair(_text(parse, field), render)
    if hint is str:
        load = _text(_storable, field)
        return Pair(load, load)
    return Pair(_integer(field) if hint is int else _typed(hint, field), None)


def _instant(form: Form, field: str) -> Pair:
    if form == "avro":
        return Pair(_typed(datetime, field), lambda value: _aware(value, field))
    return Pair(
        _text(lambda text: _aware(datetime.fromisoformat(text), field).astimezone(UTC), field),
        lambda value: _aware(value, field).isoformat(),
    )


def _text(parse: Callable[[str], Any], field: str) -> Load:
    def load(data: Any) -> Any:
        if not isinstance(data, str):
            raise InvalidValue(f"{field}: must be text")
        try:
            return parse(data)
        except InvalidValue:
            raise
        except (ValueError, OverflowError):
            raise InvalidValue(f"{field}: does not parse (dates are ISO 8601)") from None

    return load


def _typed(hint: type, field: str) -> Load:
    def load(data: Any) -> Any:
        if type(data) is not hint:
            raise InvalidValue(f"{field}: must be {hint.__name__}")
        return data

    return load


def _integer(field: str) -> Load:
    def load(data: Any) -> int:
        if type(data) is not int or not -(2**63) <= data < 2**63:
            raise InvalidValue(f"{field}: must be a whole number of 64 bits")
        return data

    return load


def _aware(value: datetime, field: str) -> datetime:
    if value.tzinfo is None:
        raise InvalidValue(f"{field}: must carry a time zone")
    return value


def _exact_nhs_number(text: str) -> NhsNumber:
    """A number as machines write it: on the wire there is one way to write a patient's key."""
    number = NhsNumber.parse(text)
    if number.digits != text:
        raise InvalidValue("nhs_number: must be ten digits without spaces")
    return number


def _storable(text: str) -> str:
    """Text that Avro and PostgreSQL can hold: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        raise ValueError("NUL")
    text.encode("utf-8")
    return text


PARSERS: dict[Any, Callable[[str], Any]] = {
    NhsNumber: _exact_nhs_number,
    EntryId: parse_entry_id,
    OdsCode: parse_ods,
    Audience: parse_audience,
    GrantId: parse_grant_id,
}
"""What reads the text of each type of identifier, the same in every form."""

_JSON: dict[Any, tuple[Callable[[str], Any], Dump]] = {
    date: (date.fromisoformat, date.isoformat),
    bytes: (
        lambda text: base64.b64decode(text, validate=True),
        lambda value: base64.b64encode(value).decode("ascii"),
    ),
}
