"""Apache Avro's own opinion: every version of a schema reads every other, and reads what our codec wrote."""

import io
import json
from datetime import date
from itertools import product
from typing import Any

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.io import BinaryDecoder, BinaryEncoder, DatumReader, DatumWriter
from avro.schema import Schema, parse
from hypothesis import given

from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS
from tests.support.builders import NOW, control, entry, granted, label
from tests.support.strategies import controls

PAIRS = [
    (reader, writer)
    for reader, writer in product(codec.locked_fingerprints(), repeat=2)
    if reader.rpartition(".")[0] == writer.rpartition(".")[0]
]
OLD = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}


def compatible(reader: Schema, writer: Schema) -> bool:
    checker: Any = ReaderWriterCompatibilityChecker
    found = checker().get_compatibility(reader, writer)
    return bool(found.compatibility is SchemaCompatibilityType.compatible)


def with_field(**field: Any) -> Schema:
    return parse(json.dumps({**OLD, "fields": [*OLD["fields"], field]}))


@pytest.mark.parametrize(("reader", "writer"), PAIRS)
def test_every_version_reads_every_other_version_of_its_subject(reader: str, writer: str) -> None:
    assert compatible(parse(codec.schema_text(reader)), parse(codec.schema_text(writer)))


BROKEN = [
    ("a field without a default was added", with_field(name="b", type="string"), OLD),
    (
        "an enum lost a symbol",
        {"type": "enum", "name": "E", "symbols": ["a"]},
        {"type": "enum", "name": "E", "symbols": ["a", "b"]},
    ),
    ("a union lost a branch", ["null", "int"], ["null", "int", "string"]),
    ("a long became an int", "int", "long"),
]


@pytest.mark.parametrize(("reader", "writer"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_the_checker_refuses_when(reader: Any, writer: Any) -> None:
    assert not compatible(_schema(reader), _schema(writer))


def test_the_checker_accepts_a_field_added_with_a_default() -> None:
    assert compatible(with_field(name="b", type=["null", "string"], default=None), _schema(OLD))


def test_avro_reads_an_entry_that_our_codec_wrote() -> None:
    plain = _by_avro(codec.encode(ENTRIES, entry()), ENTRIES.schema)
    assert ("9990000018", "consultation", date(2025, 6, 2), entry().body) == (
        plain["nhs_number"],
        plain["kind"],
        plain["event_date"],
        plain["body"],
    )


def test_avro_reads_a_control_that_our_codec_wrote() -> None:
    change = granted(until=date(2026, 1, 1))
    plain = _by_avro(codec.encode(CONTROLS, control(change, effective_at=NOW)), CONTROLS.schema)
    assert (NOW, "grant-1", date(2026, 1, 1)) == (
        plain["effective_at"],
        plain["change"]["grant_id"],
        plain["change"]["until"],
    )


@given(controls())
def test_avro_reads_any_control_to_its_last_byte(any_control: Control) -> None:
    plain = _by_avro(codec.encode(CONTROLS, any_control), CONTROLS.schema)
    assert any_control.control_id == plain["control_id"]
    assert any_control.effective_at == plain["effective_at"]


def test_what_avro_writes_is_the_encoding_our_codec_accepts() -> None:
    ours = codec.encode(ENTRIES, entry(labels=label("R") + label("AUDIT")))
    out = io.BytesIO()
    plain = _by_avro(ours, ENTRIES.schema)
    DatumWriter(parse(codec.schema_text(ENTRIES.schema))).write(plain, BinaryEncoder(out))
    assert ours == ours[: codec.HEADER_BYTES] + out.getvalue()


def test_every_subject_has_a_pair() -> None:
    assert {topic.schema for topic in TOPICS} <= {reader for reader, _ in PAIRS}


def _schema(schema: Any) -> Schema:
    return schema if isinstance(schema, Schema) else parse(json.dumps(schema))


def _by_avro(data: bytes, name: str) -> Any:
    source = io.BytesIO(data[codec.HEADER_BYTES :])
    plain = DatumReader(parse(codec.schema_text(name))).read(BinaryDecoder(source))
    assert source.read() == b""
    return plain
