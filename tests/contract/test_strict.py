"""Our codec against fastavro's: both write the same, refuse the same mutants of it, and read the same values."""

import io
import random
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from recordgate_schemas import codec
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.reader import read_long
from recordgate_schemas.topics import TOPICS, Topic
from recordgate_schemas.writer import write_long
from tests.support.strategies import messages
from tests.support.wire import long, padded_long

MUTANTS_EACH = 40
BYTES = [0, 1, 2, 3, 4, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF]
REFUSED = "refused"


def by_fastavro(topic: Topic, data: bytes) -> Any:
    """What a lenient decoder, an encoding again and the mapping say: the message, or that it is refused."""
    schema = codec._registered(topic.name).get(data[: codec.HEADER_BYTES])
    if schema is None:
        return REFUSED
    source, again = io.BytesIO(data[codec.HEADER_BYTES :]), io.BytesIO()
    try:
        plain = schemaless_reader(
            source,
            schema.parsed,
            None,
            return_record_name=True,
            return_record_name_override=True,
        )
        schemaless_writer(again, schema.parsed, plain, strict=True)
        if again.getvalue() != data[codec.HEADER_BYTES :]:
            return REFUSED
        return mapper(topic.message_of(schema.name), "avro").load(plain)
    except Exception:  # noqa: BLE001  whatever it stumbles over
        return REFUSED


def by_us(topic: Topic, data: bytes) -> Any:
    try:
        return codec.decode(topic, data)
    except PoisonError:
        return REFUSED


def encoded_by_fastavro(topic: Topic, message: Any) -> bytes:
    schema = codec._newest(topic.name, topic.schema_of(message))
    dump = mapper(type(message), "avro").dump
    assert dump is not None
    out = io.BytesIO()
    schemaless_writer(out, schema.parsed, dump(message), strict=True)
    return schema.header + out.getvalue()


def mutant(data: bytes, chance: random.Random) -> bytes:
    """The message with a few bytes of its body changed, left out, repeated or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(codec.HEADER_BYTES, len(changed) + 1)
        byte = chance.choice(BYTES) if chance.random() < 0.7 else chance.randrange(256)
        move = chance.randrange(5)
        if move == 0:
            changed[at : at + 1] = bytes([byte])
        elif move == 1:
            changed[at:at] = bytes([byte])
        elif move == 2:
            del changed[at : at + chance.randint(1, 4)]
        elif move == 3:
            changed[at:at] = changed[at : at + chance.randint(1, 8)]
        else:
            changed = changed[: max(at, codec.HEADER_BYTES + 1)]
    return bytes(changed)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda one: one.name)
@settings(max_examples=100)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_both_codecs_agree_on_messages_and_their_mutants(
    topic: Topic, data: st.DataObject, seed: int
) -> None:
    message = data.draw(messages(topic.message))
    encoded = codec.encode(topic, message)
    assert encoded == encoded_by_fastavro(topic, message)
    chance = random.Random(seed)
    for one in [encoded, *(mutant(encoded, chance) for _ in range(MUTANTS_EACH))]:
        ours, theirs = by_us(topic, one), by_fastavro(topic, one)
        assert (type(ours), ours) == (type(theirs), theirs)


@pytest.mark.parametrize("value", [0, 1, -1, 63, -64, 64, 2**31, -(2**31), 2**63 - 1, -(2**63)])
def test_numbers_have_one_encoding(value: int) -> None:
    assert read_long(long(value), 0) == (value, len(long(value)))
    with pytest.raises(PoisonError, match=r"shortest|64 bits"):
        read_long(padded_long(value), 0)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_numbers_of_more_than_64_bits_are_not_written(value: int) -> None:
    with pytest.raises(PoisonError, match="64 bits"):
        write_long(value, bytearray())


@pytest.mark.parametrize("written", [b"\xff" * 9 + b"\x02", b"\xff" * 10 + b"\x01", b"\x80" * 30])
def test_numbers_of_more_than_64_bits_are_refused(written: bytes) -> None:
    with pytest.raises(PoisonError):
        read_long(written, 0)
