"""Puts a body into a message that was encoded without one, or takes it out; the rest is not encoded again.

An entry and the two messages that show a body end with `body`, `body_type` and `body_sha256`: new fields come before
them.
"""

from recordgate_schemas.bounds import ENTRY_BYTES
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import FatalError, InvalidValue
from recordgate_schemas.messages import HoldOpened, Release
from recordgate_schemas.topics import Topic

_EMPTY = b"\0"
"""An empty body, as Avro writes it."""

_ONE_BYTE = 63
"""The greatest length that takes one byte."""


def with_body(
    topic: Topic, value: bytes, change: Release | HoldOpened, body: bytes, sha256: bytes
) -> bytes:
    """Return what `codec.encode` gives for the message with this body and hash, given its value without the body.

    `change`: of the message, without the body. Raises InvalidValue when the body or the message is too large.
    """
    body_type = _sized(change.body_type.encode())
    tail = _EMPTY + body_type + _sized(change.body_sha256)
    if not value.endswith(tail):
        raise FatalError("a message does not end with its empty body; see schemas/splice.py")
    complete = b"".join((value[: -len(tail)], _sized(body), body_type, _sized(sha256)))
    if len(body) > ENTRY_BYTES or len(complete) > topic.max_bytes:
        raise InvalidValue(f"size: larger than the topic's {topic.max_bytes} bytes")
    return complete


def without_body(value: bytes, entry: ClinicalEntry) -> bytes:
    """Return what `codec.encode` gives for the entry with an empty body, given the value that it was read from."""
    tail = _sized(entry.body_type.encode()) + _sized(entry.body_sha256)
    ending = _sized(entry.body) + tail
    if not value.endswith(ending):
        raise FatalError("an entry does not end with its body; see schemas/splice.py")
    return value[: -len(ending)] + _EMPTY + tail


def _sized(data: bytes) -> bytes:
    """Return bytes as Avro writes them: their length, zigzag and seven bits a byte, then themselves."""
    if len(data) <= _ONE_BYTE:
        return bytes((len(data) << 1,)) + data
    left, length = len(data) << 1, bytearray()
    while left > 0x7F:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    length.append(left)
    return bytes(length) + data
