"""The schema files, the dataclasses, the topics and the lock say the same thing."""

import dataclasses
import json
import re
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from importlib import resources
from typing import Any

import pytest

from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError, PoisonError
from recordgate_schemas.messages import IncarnationMessage
from recordgate_schemas.topics import CONTROLS, TOPICS, Topic
from recordgate_schemas.values import Audience, EntryId, GrantId, NhsNumber, OdsCode
from tests.support.builders import control, registered
from tests.support.wire import header

NAMESPACE = "uk.recordgate."
PRIMITIVES: dict[Any, Any] = {
    **dict.fromkeys((str, NhsNumber, EntryId, GrantId, OdsCode, Audience), "string"),
    int: "long",
    bool: "boolean",
    bytes: "bytes",
    date: {"type": "int", "logicalType": "date"},
    datetime: {"type": "long", "logicalType": "timestamp-micros"},
}
FILES = sorted(
    f.name.removesuffix(".avsc")
    for f in (resources.files("recordgate_schemas") / "avro").iterdir()
    if f.name.endswith(".avsc")
)


def schema(name: str) -> Any:
    return json.loads(codec.schema_text(name))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_a_topics_newest_schema_is_its_dataclass_and_its_dataclass_is_its_schema(
    topic: Topic,
) -> None:
    expected = _expected(topic.message)
    assert _resolved(expected, {}) == _resolved(_undocumented(schema(topic.schema)), {})


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.incarnation is not None])
def test_the_schema_of_messages_about_a_partition_is_their_dataclass(topic: Topic) -> None:
    expected = _expected(IncarnationMessage)
    assert topic.incarnation is not None
    assert _resolved(expected, {}) == _resolved(_undocumented(schema(topic.incarnation)), {})


@pytest.mark.parametrize("name", FILES)
def test_every_type_in_a_schema_file_says_what_it_is(name: str) -> None:
    assert [t["name"] for t in _named(schema(name)) if not t.get("doc")] == []


def test_every_topic_has_a_schema_and_every_schema_a_topic() -> None:
    assert set(FILES) == set(codec.locked_fingerprints())
    more = [name for t in TOPICS for name in (t.tick, t.incarnation) if name is not None]
    named = [topic.schema for topic in TOPICS] + more
    assert {name.rpartition(".")[0] for name in FILES} == {n.rpartition(".")[0] for n in named}
    for schema_name in named:
        versions = [f for f in FILES if f.rpartition(".")[0] == schema_name.rpartition(".")[0]]
        newest = max(versions, key=lambda f: int(f.rpartition(".v")[2]))
        assert newest == schema_name


def test_a_tick_has_no_fields_so_that_its_header_is_all_of_it() -> None:
    assert schema("tick.v1")["fields"] == []
    fingerprint = crc_64_avro(_canonical(schema("tick.v1")).encode())
    assert codec.tick(CONTROLS) == b"\xc3\x01" + fingerprint.to_bytes(8, "little")


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_only_controls_has_ticks_and_a_tick_is_no_message(topic: Topic) -> None:
    tick = codec.tick(CONTROLS)
    assert codec.is_tick(topic, tick) == (topic is CONTROLS)
    for value in (tick, tick + b"\0", tick[:-1], b"", None):
        assert value == tick or not codec.is_tick(topic, value)
        with pytest.raises(PoisonError):
            codec.decode(topic, value)
    with pytest.raises(PoisonError) if topic is CONTROLS else pytest.raises(FatalError):
        codec.decode(CONTROLS, codec.tick(topic))


@pytest.mark.parametrize("name", FILES)
def test_no_array_holds_items_without_width_so_a_count_costs_bytes(name: str) -> None:
    named = {t["name"]: t for t in _named(schema(name))}
    arrays = [n for n in _nodes(schema(name)) if isinstance(n, dict) and n.get("type") == "array"]
    assert all(_width(n["items"], named) > 0 for n in arrays)


def test_the_width_of_what_takes_no_bytes_is_zero() -> None:
    empty = {"type": "record", "name": "E", "fields": [{"name": "n", "type": "null"}]}
    assert [_width(t, {"E": empty}) for t in ("null", "E", "long", ["null", "E"])] == [0, 0, 1, 1]


@pytest.mark.parametrize("name", FILES)
def test_a_fingerprint_is_the_lock_and_what_the_avro_specification_computes(name: str) -> None:
    ours = int(codec.locked_fingerprints()[name], 16)
    assert ours == int(codec.fingerprint(name), 16)
    assert ours == crc_64_avro(_canonical(schema(name)).encode())


def test_the_crc_agrees_with_the_fingerprints_published_with_avro() -> None:
    published = {'"null"': 7195948357588979594, '"boolean"': -6970731678124411036}
    for text, signed in published.items():
        assert signed % 2**64 == crc_64_avro(text.encode())


def test_the_header_carries_the_fingerprint_lowest_byte_first() -> None:
    topic = next(t for t in TOPICS if t.name == "controls")
    written = codec.encode(topic, control(registered()))
    assert written[:2] == b"\xc3\x01"
    assert crc_64_avro(_canonical(schema(topic.schema)).encode()) == int.from_bytes(
        written[2:10], "little"
    )
    assert written.startswith(header(topic))


def crc_64_avro(data: bytes) -> int:
    """CRC-64-AVRO as the specification writes it: Rabin, 64 bits, seeded with the empty fingerprint."""
    empty = 0xC15D213AA4D7A795
    fingerprint = empty
    for byte in data:
        fingerprint ^= byte
        for _ in range(8):
            fingerprint = (fingerprint >> 1) ^ (empty & -(fingerprint & 1))
    return fingerprint


def _canonical(node: Any, namespace: str = "") -> str:
    """Parsing Canonical Form, by hand: full names, seven attributes in order, no white space."""
    if isinstance(node, str):
        full = node if node in _PLAIN or "." in node or not namespace else f"{namespace}.{node}"
        return json.dumps(full)
    if isinstance(node, list):
        return "[" + ",".join(_canonical(branch, namespace) for branch in node) + "]"
    if node["type"] in _PLAIN:
        return json.dumps(node["type"])
    namespace = node.get("namespace", namespace)
    parts = [f'"name":"{namespace}.{node["name"]}"'] if "name" in node else []
    parts.append(f'"type":"{node["type"]}"')
    if "fields" in node:
        fields = (
            f'{{"name":"{f["name"]}","type":{_canonical(f["type"], namespace)}}}'
            for f in node["fields"]
        )
        parts.append(f'"fields":[{",".join(fields)}]')
    if "symbols" in node:
        parts.append(f'"symbols":{json.dumps(node["symbols"], separators=(",", ":"))}')
    if "items" in node:
        parts.append(f'"items":{_canonical(node["items"], namespace)}')
    return "{" + ",".join(parts) + "}"


_PLAIN = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}


def _expected(hint: Any) -> Any:
    """The Avro type that a dataclass's hint stands for."""
    if hint in PRIMITIVES:
        return PRIMITIVES[hint]
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        members = sorted(typing.get_args(hint), key=lambda m: m is not type(None))
        return ["null" if m is type(None) else _expected(m) for m in members]
    if typing.get_origin(hint) is tuple:
        item, more = typing.get_args(hint)
        assert more is ..., "only tuple[X, ...] has an Avro form"
        return {"type": "array", "items": _expected(item)}
    if issubclass(hint, StrEnum):
        return {"type": "enum", "name": hint.__name__, "symbols": [m.value for m in hint]}
    hints = typing.get_type_hints(hint)
    return {
        "type": "record",
        "name": hint.__name__,
        "fields": [
            {"name": f.name, "type": _expected(hints[f.name])} for f in dataclasses.fields(hint)
        ],
    }


def _undocumented(node: Any) -> Any:
    if isinstance(node, list):
        return [_undocumented(item) for item in node]
    if isinstance(node, dict):
        assert node.get("namespace", NAMESPACE[:-1]) == NAMESPACE[:-1]
        return {k: _undocumented(v) for k, v in node.items() if k not in ("doc", "namespace")}
    return node


def _resolved(node: Any, seen: dict[str, Any]) -> Any:
    """The same schema with every reference to a named type written out."""
    if isinstance(node, str):
        return seen.get(node.removeprefix(NAMESPACE), node)
    if isinstance(node, list):
        return [_resolved(item, seen) for item in node]
    if isinstance(node, dict):
        done = {k: v if k == "symbols" else _resolved(v, seen) for k, v in _but_names(node)}
        if "name" in node:
            done["name"] = node["name"]
        if node.get("type") in ("record", "enum"):
            seen[node["name"]] = done
        return done
    return node


def _but_names(node: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in node.items() if k != "name"]


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _nodes(child)


def _named(node: Any) -> list[dict[str, Any]]:
    kinds = ("record", "enum")
    return [n for n in _nodes(node) if isinstance(n, dict) and n.get("type") in kinds]


def _width(node: Any, named: dict[str, Any]) -> int:
    """The fewest bytes a value of the type can take."""
    if isinstance(node, list):
        return 1
    if isinstance(node, str):
        known = named.get(re.sub(r"^.*\.", "", node))
        return _width(known, named) if known else int(node != "null")
    if node["type"] == "record":
        return sum(_width(f["type"], named) for f in node["fields"])
    return 1
