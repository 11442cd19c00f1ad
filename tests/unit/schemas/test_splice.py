"""A body is put into an encoded message as if the whole had been encoded at once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordgate_schemas import codec
from recordgate_schemas.bounds import ENTRY_BYTES
from recordgate_schemas.errors import FatalError, InvalidValue
from recordgate_schemas.messages import Held, HoldOpened, Release, Released
from recordgate_schemas.splice import with_body, without_body
from recordgate_schemas.topics import ENTRIES, HELD, RELEASED, Topic
from tests.support.builders import NHS_NUMBER, NOW, entry
from tests.support.largest import largest

Change = Release | HoldOpened
CHANGES: tuple[tuple[Topic, Change], ...] = (
    (RELEASED, replace(largest(Release), body=b"", valid_until=None)),
    (HELD, replace(largest(HoldOpened), body=b"")),
)
LENGTHS = (0, 1, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576)
"""Where the length of a body takes another byte."""


def encoded(topic: Topic, change: Change) -> bytes:
    if isinstance(change, Release):
        return codec.encode(topic, Released(3, 7, NHS_NUMBER, 5, NOW, change))
    return codec.encode(topic, Held(3, 7, NHS_NUMBER, NOW, change))


@pytest.mark.parametrize(("topic", "change"), CHANGES)
@given(
    st.sampled_from(LENGTHS).map(bytes) | st.binary(max_size=300),
    st.tuples(st.binary(max_size=64), st.binary(max_size=64)),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60),
)
def test_with_a_body_it_is_what_the_codec_gives(
    topic: Topic, change: Change, body: bytes, hashes: tuple[bytes, bytes], body_type: str
) -> None:
    before, after = hashes
    without = replace(change, body_sha256=before, body_type=body_type)
    whole = replace(without, body=body, body_sha256=after)
    found = with_body(topic, encoded(topic, without), without, body, after)
    assert found == encoded(topic, whole)


@pytest.mark.parametrize(("topic", "change"), CHANGES)
def test_what_is_larger_than_the_topic_allows_is_refused(topic: Topic, change: Change) -> None:
    with pytest.raises(InvalidValue, match="size"):
        with_body(topic, encoded(topic, change), change, bytes(ENTRY_BYTES + 1), b"")


@pytest.mark.parametrize(("topic", "change"), CHANGES)
def test_a_message_with_a_body_gets_no_second_one(topic: Topic, change: Change) -> None:
    whole = replace(change, body=b"here")
    with pytest.raises(FatalError, match="empty body"):
        with_body(topic, encoded(topic, whole), whole, b"another", b"")


@given(
    st.sampled_from(LENGTHS).map(bytes) | st.binary(max_size=300),
    st.binary(max_size=64),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60),
)
def test_without_its_body_an_entry_is_what_the_codec_gives(
    body: bytes, sha256: bytes, body_type: str
) -> None:
    whole = replace(entry(), body=body, body_sha256=sha256, body_type=body_type)
    value = codec.encode(ENTRIES, whole)
    assert without_body(value, whole) == codec.encode(ENTRIES, replace(whole, body=b""))


def test_the_value_of_another_entry_is_not_cut() -> None:
    value = codec.encode(ENTRIES, entry())
    with pytest.raises(FatalError, match="end with its body"):
        without_body(value, replace(entry(), body=b"another"))
