"""Hostile bytes are refused as poison before they cost memory, and the refusal repeats none of their content."""

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry, Kind
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.topics import CONTROLS, ENTRIES, RECEIPTS, TOPICS, Topic
from recordgate_schemas.values import GrantId
from tests.support.builders import control, entry, granted
from tests.support.strategies import messages
from tests.support.wire import (
    array,
    control_parts,
    entry_parts,
    header,
    long,
    message,
    padded_long,
    text,
)

HIDE = message(CONTROLS, control_parts())
ENTRY = message(ENTRIES, entry_parts())
HUGE = long(2**62)
MB = 1_000_000


def spoiled(**parts: bytes) -> tuple[Topic, bytes]:
    """The hide or the entry with these parts replaced."""
    is_hide = parts.keys() <= control_parts().keys()
    topic, whole = (CONTROLS, control_parts()) if is_hide else (ENTRIES, entry_parts())
    return topic, message(topic, whole, **parts)


ONE_LABEL = text("MARKER-s") + text("MARKER-c")
HOSTILE: dict[str, tuple[Topic, bytes]] = {
    "enum index -1": spoiled(cause=long(-1)),
    "enum index past the end": spoiled(cause=long(4)),
    "enum index -1 in an array": spoiled(markers=array(long(-1))),
    "kind index -1": spoiled(kind=long(-1)),
    "kind index past the end": spoiled(kind=long(len(Kind))),
    "union index out of range": spoiled(change=long(18)),
    "union index -1": spoiled(change=long(-1)),
    "union index huge": spoiled(change=HUGE),
    "nullable index 2": spoiled(event_date=long(2) + long(1)),
    "string of negative length": spoiled(source=long(-1)),
    "string of huge length": spoiled(source=HUGE + b"MARKER"),
    "bytes of negative length": spoiled(body=long(-5) + b"MARKER"),
    "bytes of huge length": spoiled(body=HUGE + b"MARKER"),
    "array of huge count": spoiled(related=HUGE + text("MARKER")),
    "array of huge negative count": spoiled(related=long(-(2**62)) + long(7) + text("MARKER")),
    "array in blocks with sizes": spoiled(related=long(-1) + long(7) + text("MARKER") + b"\0"),
    "array in two blocks": spoiled(labels=(long(1) + ONE_LABEL) * 2 + b"\0"),
    "array without its end": (CONTROLS, message(CONTROLS, control_parts(), related=long(1))),
    "varint longer than needed": spoiled(effective_at=padded_long(1_748_858_400_000_000)),
    "length longer than needed": spoiled(source=padded_long(6) + b"MARKER"),
    "varint without end": spoiled(effective_at=b"\xff" * 30),
    "boolean 2": spoiled(staff_private=b"\x02"),
    "invalid UTF-8": spoiled(source=text(b"MARKER\xff\xfe")),
    "a surrogate in UTF-8": spoiled(source=text(b"MARKER\xed\xa0\x80")),
    "time out of range": spoiled(effective_at=long(2**62)),
    "day out of range": spoiled(event_date=long(1) + long(2**31 - 1)),
    "NHS number with a wrong check digit": spoiled(nhs_number=text("9990000019")),
    "NHS number too short": spoiled(nhs_number=text("999000001")),
    "NHS number of other digits": spoiled(nhs_number=text("\uff19" * 10)),
    "entry id with a line break": spoiled(entry_id=text("MARKER\n")),
    "entry id empty": spoiled(entry_id=text("")),
    "practice in small letters": spoiled(practice=text("a82038")),
    "trailing byte": (CONTROLS, HIDE + b"\0"),
    "trailing message": (CONTROLS, HIDE + HIDE),
    "unknown fingerprint": (CONTROLS, b"\xc3\x01MARKER!!" + HIDE[10:]),
    "fingerprint of another topic": (CONTROLS, header(ENTRIES) + HIDE[10:]),
    "fingerprint highest byte first": (CONTROLS, HIDE[:2] + HIDE[9:1:-1] + HIDE[10:]),
    "wrong magic": (CONTROLS, b"\xc3\x02" + HIDE[2:]),
    "the framing of a registry": (CONTROLS, b"\0\0\0\0\x01" + HIDE[10:]),
    "JSON": (CONTROLS, b'{"control_id":"MARKER"}'),
    "nothing": (CONTROLS, b""),
    "a header and no body": (CONTROLS, HIDE[:10]),
    "larger than the topic allows": (RECEIPTS, header(RECEIPTS) + b"MARKER" * 20_000),
}


def test_the_messages_that_are_spoiled_here_are_valid_before() -> None:
    assert codec.encode(CONTROLS, codec.decode(CONTROLS, HIDE)) == HIDE
    assert codec.encode(ENTRIES, codec.decode(ENTRIES, ENTRY)) == ENTRY


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_poison_cost_little_and_are_not_repeated(name: str) -> None:
    topic, data = HOSTILE[name]
    error, peak = _refused(topic, data)
    assert "MARKER" not in error
    assert "999000001" not in error
    assert "\n" not in error
    assert peak < 2 * MB


def entry_of(length: int) -> bytes:
    """An entry, valid but for its length."""
    about = entry(body=b"")
    room = (
        length - len(codec.encode(ENTRIES, about)) - 3
    )  # the length of a long body takes three more
    return codec.encode(replace(ENTRIES, max_bytes=length), replace(about, body=b"x" * room))


def test_a_valid_message_one_byte_over_the_topics_limit_is_poison() -> None:
    limit = ENTRIES.max_bytes
    assert isinstance(codec.decode(ENTRIES, entry_of(limit)), ClinicalEntry)
    with pytest.raises(PoisonError, match="size: larger"):
        codec.decode(ENTRIES, entry_of(limit + 1))


def test_a_record_without_value_is_poison() -> None:
    with pytest.raises(PoisonError, match="framing"):
        codec.decode(CONTROLS, None)


@pytest.mark.parametrize(("topic", "data"), [(CONTROLS, HIDE), (ENTRIES, ENTRY)])
def test_a_message_cut_short_at_any_byte_is_poison(topic: Topic, data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(PoisonError):
            codec.decode(topic, data[:length])


@pytest.mark.parametrize(("topic", "data"), [(CONTROLS, HIDE), (ENTRIES, ENTRY)])
def test_a_message_with_any_single_bit_flipped_is_poison_or_honest(
    topic: Topic, data: bytes
) -> None:
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        _poison_or_honest(topic, bytes(flipped))


@given(st.sampled_from([(CONTROLS, HIDE), (ENTRIES, ENTRY)]), st.data())
def test_a_message_with_any_bytes_replaced_is_poison_or_honest(
    whole: tuple[Topic, bytes], data: st.DataObject
) -> None:
    topic, valid = whole
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 12)))
    _poison_or_honest(topic, valid[:start] + data.draw(st.binary(max_size=12)) + valid[end:])


@given(st.sampled_from(TOPICS), st.binary(max_size=80))
@example(CONTROLS, b"")
def test_any_bytes_behind_a_valid_header_are_poison_or_honest(topic: Topic, body: bytes) -> None:
    _poison_or_honest(topic, header(topic) + body)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
@given(data=st.data())
def test_any_message_survives_encoding_and_decoding(topic: Topic, data: st.DataObject) -> None:
    sent = data.draw(messages(topic.message))
    assert sent == codec.decode(topic, codec.encode(topic, sent))


SPACED = spoiled(nhs_number=text("999 000 0018"))


def test_an_nhs_number_with_spaces_is_refused_on_the_wire() -> None:
    _poison_or_honest(*SPACED)


def test_many_small_items_cost_memory_in_proportion_to_their_bytes() -> None:
    labels = long(40_000) + b"\0\0" * 40_000 + b"\0"
    topic, data = spoiled(labels=labels)
    tracemalloc.start()
    try:
        codec.decode(topic, data)
    except PoisonError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 16 * len(data) + 2 * MB


@pytest.mark.parametrize("grant_id", ["has space", "", "x" * 65, "nul\0"])
def test_a_grant_id_that_cannot_be_an_audience_is_refused_on_the_wire(grant_id: str) -> None:
    with pytest.raises(PoisonError):
        codec.decode(CONTROLS, codec.encode(CONTROLS, control(granted(GrantId(grant_id)))))


@pytest.mark.parametrize("field", ["system", "body_type"])
def test_a_nul_character_in_a_stored_text_is_refused_on_the_wire(field: str) -> None:
    sent = entry(**{field: "emis\0"})
    with pytest.raises(PoisonError):
        codec.decode(ENTRIES, codec.encode(ENTRIES, sent))


def _poison_or_honest(topic: Topic, data: bytes) -> None:
    """Decoding refuses, or returns an object whose one encoding these bytes are."""
    message, decoded = "", None
    try:
        decoded = codec.decode(topic, data)
    except PoisonError as error:
        message = str(error)
    assert "MARKER" not in message
    assert decoded is None or data == codec.encode(topic, decoded)


def _refused(topic: Topic, data: bytes) -> tuple[str, int]:
    """The error's text and the most memory that refusing took."""
    codec.decode(CONTROLS, HIDE)
    tracemalloc.start()
    try:
        with pytest.raises(PoisonError) as refusal:
            codec.decode(topic, data)
        return str(refusal.value), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
