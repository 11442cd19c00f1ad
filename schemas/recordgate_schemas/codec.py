"""Events to Avro bytes and back, in single-object encoding (C3 01, CRC-64-AVRO fingerprint, body).

The only file that imports fastavro, for schemas and their fingerprints. SAFETY: bytes come from outside, and a lenient
decoder turns enum index -1 into the last symbol. So messages are read by a decoder of our own (reader.py), which
accepts only the one encoding that this codec writes (writer.py). No schema has zero-width array items (a test holds
that), and large messages are walked first (guard.py), so work and memory stay proportional to the input's length.
"""

import json
import struct
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import fastavro

from recordgate_schemas.errors import FatalError, InvalidValue, PoisonError
from recordgate_schemas.guard import LARGE_BYTES, Skip, walker
from recordgate_schemas.reader import Read, reader
from recordgate_schemas.topics import BY_NAME, Topic
from recordgate_schemas.writer import Write, writer

MARKER = b"\xc3\x01"
HEADER_BYTES = 10


@dataclass(frozen=True, slots=True)
class _Schema:
    name: str
    header: bytes
    parsed: Any
    walk: Skip


def encode(topic: Topic, message: object) -> bytes:
    """Return the message as the topic's newest schema's single object; raise InvalidValue for what `decode` refuses."""
    schema = _newest(topic.name, topic.schema_of(message))
    out = bytearray(schema.header)
    _writer(topic.name, schema.name)(message, out)
    data = bytes(out)
    _check_size(topic, schema, data)
    return data


@cache
def tick(topic: Topic) -> bytes:
    """Return the one encoding of a tick, which has no fields: the header of its schema."""
    if topic.tick is None:
        raise FatalError(f"topic {topic.name} has no ticks")
    return _load(topic.tick).header


def is_tick(topic: Topic, data: bytes | None) -> bool:
    """Whether a record's value is a tick, of whoever: it says nothing, so a reader passes over it."""
    return topic.tick is not None and data == tick(topic)


def decode(topic: Topic, data: bytes | None) -> Any:
    """Return the topic's message; raise PoisonError naming the rule broken, never the content."""
    if data is None or len(data) < HEADER_BYTES or data[:2] != MARKER:
        raise PoisonError("framing: not an Avro single object (C3 01 and a fingerprint)")
    schema = _registered(topic.name).get(data[:HEADER_BYTES])
    if schema is None:
        raise PoisonError("fingerprint: not a schema registered for this topic")
    _check_size(topic, schema, data)
    return _read(topic, schema, data)


def _check_size(topic: Topic, schema: _Schema, data: bytes) -> None:
    if len(data) > topic.max_bytes:
        raise InvalidValue(f"size: larger than the topic's {topic.max_bytes} bytes")
    if len(data) > LARGE_BYTES:
        schema.walk(data, HEADER_BYTES)


def _read(topic: Topic, schema: _Schema, data: bytes) -> Any:
    try:
        message, end = _reader(topic.name, schema.name)(data, HEADER_BYTES, len(data))
    except PoisonError:
        raise
    except Exception as error:  # noqa: BLE001  a hostile body may raise anything; all of it is poison
        raise PoisonError(f"body: not a {schema.name} ({type(error).__name__})") from None
    if end != len(data):
        raise PoisonError(f"body: more than a {schema.name}")
    return message


@cache
def _reader(topic: str, schema: str) -> Read:
    return reader(_newest(topic, schema).parsed, BY_NAME[topic].message_of(schema))


@cache
def _writer(topic: str, schema: str) -> Write:
    return writer(_newest(topic, schema).parsed, BY_NAME[topic].message_of(schema))


@cache
def _newest(topic: str, schema: str) -> _Schema:
    return next(s for s in _registered(topic).values() if s.name == schema)


@cache
def _registered(topic: str) -> dict[bytes, _Schema]:
    """Every version of the topic's schemas, by header; a file that differs from the lock is fatal."""
    known = (BY_NAME[topic].schema, BY_NAME[topic].incarnation)
    bases = {name.rpartition(".")[0] for name in known if name is not None}
    names = [name for name in locked_fingerprints() if name.rpartition(".")[0] in bases]
    return {schema.header: schema for schema in map(_load, names)}


def _load(name: str) -> _Schema:
    parsed = fastavro.parse_schema(json.loads(schema_text(name)))
    actual = fingerprint(name)
    if actual != locked_fingerprints()[name]:
        raise FatalError(
            f"schema {name}: fingerprint differs from schemas.lock; run make lock-schemas"
        )
    return _Schema(name, MARKER + struct.pack("<Q", int(actual, 16)), parsed, walker(parsed))


def fingerprint(name: str) -> str:
    """Return the CRC-64-AVRO fingerprint of a schema file as sixteen hex digits, most significant first."""
    canonical = fastavro.schema.to_parsing_canonical_form(json.loads(schema_text(name)))
    digest = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
    return int.from_bytes(bytes.fromhex(digest), "little").to_bytes(8, "big").hex()


def schema_text(name: str) -> str:
    """Return a schema file, for example `clinical_entry.v1`."""
    return (resources.files(__package__) / "avro" / f"{name}.avsc").read_text("utf-8")


@cache
def locked_fingerprints() -> dict[str, str]:
    """Return the committed fingerprint of every schema file."""
    text = (resources.files(__package__) / "avro" / "schemas.lock").read_text("utf-8")
    return dict(line.split() for line in text.splitlines() if line and not line.startswith("#"))
