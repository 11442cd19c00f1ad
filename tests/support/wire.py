"""Avro by hand: writes the bytes of messages part by part, so that a test can spoil any one of them."""

import struct
from collections.abc import Mapping

from recordgate_schemas import codec
from recordgate_schemas.topics import Topic

ZERO = b"\x00"
END = ZERO


def header(topic: Topic) -> bytes:
    """C3 01 and the fingerprint of the topic's newest schema, little-endian."""
    return b"\xc3\x01" + struct.pack("<Q", int(codec.locked_fingerprints()[topic.schema], 16))


def long(number: int) -> bytes:
    """A long: zigzag, then seven bits a byte, lowest first."""
    zigzag = (number << 1) ^ (number >> 63)
    out = bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def padded_long(number: int) -> bytes:
    """The same long, one needless byte longer."""
    canonical = long(number)
    return canonical[:-1] + bytes([canonical[-1] | 0x80]) + ZERO


def text(value: str | bytes) -> bytes:
    """A string or bytes: its length, then itself."""
    raw = value.encode() if isinstance(value, str) else value
    return long(len(raw)) + raw


def array(*items: bytes) -> bytes:
    """An array in one block."""
    return (long(len(items)) + b"".join(items) if items else b"") + END


def control_parts() -> dict[str, bytes]:
    """A hide, field by field, in the schema's order; every text carries a marker that no error may repeat."""
    return {
        "control_id": text("MARKER-id"),
        "nhs_number": text("9990000018"),
        "effective_at": long(1_748_858_400_000_000),
        "source": text("MARKER-source"),
        "change": long(13),
        "entry_id": text("MARKER-entry"),
        "related": array(text("MARKER-related")),
        "cause": long(0),
        "source_version": long(0),
        "signature": text("MARKER-signature"),
    }


def entry_parts() -> dict[str, bytes]:
    """An entry, field by field, in the schema's order."""
    coding = text("MARKER-system") + text("MARKER-code")
    return {
        "entry_id": text("MARKER-entry"),
        "version": long(1),
        "nhs_number": text("9990000018"),
        "practice": text("A82038"),
        "system": text("MARKER-emis"),
        "kind": long(0),
        "readiness": long(0),
        "event_date": long(1) + long(20_000),
        "recorded_at": long(1) + long(1_748_858_400_000_000),
        "available_at": ZERO,
        "extracted_at": long(1_748_858_400_000_000),
        "origin": long(0),
        "hide_tags_trusted": b"\x01",
        "labels": array(coding),
        "codes": array(),
        "markers": array(long(0)),
        "online_visibility": long(0),
        "staff_private": b"\x00",
        "third_party": long(0),
        "not_for_grants": array(),
        "links": array(text("MARKER-link") + long(0)),
        "elements": array(long(0) + text("/MARKER") + ZERO),
        "body": text(b'{"MARKER":"body"}'),
        "body_type": text("MARKER/type"),
        "body_sha256": text(b"MARKER"),
    }


def message(topic: Topic, parts: Mapping[str, bytes], **spoiled: bytes) -> bytes:
    """The parts as one message, some of them replaced."""
    return header(topic) + b"".join({**parts, **spoiled}.values())
