"""Every message is bounded, field by field, and what may be written is what can be read."""

import dataclasses
import types
import typing
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from recordgate_schemas import codec
from recordgate_schemas.bounds import MOST_ITEMS, Most, limits
from recordgate_schemas.control import Control, RecordSnapshot
from recordgate_schemas.entry import Coding
from recordgate_schemas.errors import InvalidValue, PoisonError
from recordgate_schemas.guard import LARGE_BYTES
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS
from recordgate_schemas.values import EntryId
from tests.support.builders import PRACTICE, control, entry

VALUE = "Zz9"


def parts(cls: type) -> Iterator[type]:
    """A message and every dataclass inside it."""
    yield cls
    for hint in typing.get_type_hints(cls, include_extras=True).values():
        for inner in _inside(hint):
            if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                yield from parts(inner)


def _inside(hint: Any) -> Iterator[Any]:
    yield hint
    for argument in typing.get_args(hint):
        if not isinstance(argument, Most):
            yield from _inside(argument)


MESSAGES = sorted({part for t in TOPICS for part in parts(t.message)}, key=lambda c: c.__name__)


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda c: c.__name__)
def test_every_text_and_every_list_has_a_greatest_size(cls: type) -> None:
    if cls.__name__ == "NhsNumber":
        return
    hints = typing.get_type_hints(cls)
    unbounded = {
        name
        for name, hint in hints.items()
        if {str, bytes, tuple} & {hint, typing.get_origin(hint), *_members(hint)}
    } - limits(cls).keys()
    assert unbounded == set()


def _members(hint: Any) -> tuple[Any, ...]:
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return typing.get_args(hint) if union else ()


def snapshot(count: int, length: int = 12) -> Control:
    ids = tuple(EntryId(f"e{n:0{length - 1}}") for n in range(count))
    return control(RecordSnapshot(PRACTICE, "emis", ids))


def test_a_snapshot_of_the_greatest_length_is_written_and_read() -> None:
    sent = snapshot(MOST_ITEMS)
    assert codec.decode(CONTROLS, codec.encode(CONTROLS, sent)) == sent


@pytest.mark.parametrize(
    ("topic", "message", "names"),
    [
        (CONTROLS, snapshot(MOST_ITEMS + 1), "entry_ids: has more than 50000 items"),
        (CONTROLS, snapshot(MOST_ITEMS, length=100), "size: larger than the topic's"),
        (CONTROLS, snapshot(20_000, length=5), "very small items"),
        (CONTROLS, replace(snapshot(1), source=VALUE * 100), "source: has more than 255 bytes"),
        (ENTRIES, entry(system=VALUE * 100), "system: has more than 255 bytes"),
        (ENTRIES, entry(system="é" * 128), "system: has more than 255 bytes"),
        (ENTRIES, entry(system="a\0b"), "system: must be text"),
        (ENTRIES, entry(system="\ud800"), "system: must be text"),
        (ENTRIES, entry(codes=(Coding("s", VALUE * 400),)), "code: has more than 1000 bytes"),
        (ENTRIES, entry(labels=(Coding("s", "c"),) * 1_001), "labels: has more than 1000 items"),
        (ENTRIES, entry(body=b" " * ENTRIES.max_bytes), "size: larger than the topic's"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_too_large_is_not_written_and_the_error_names_field_and_limit_only(
    topic: Any, message: Any, names: str
) -> None:
    with pytest.raises(PoisonError, match=names) as refused:
        codec.encode(topic, message)
    assert VALUE not in str(refused.value)


def test_what_another_encoder_wrote_too_large_is_not_read() -> None:
    """The bytes of a valid entry whose system's name is stretched by hand."""
    data = codec.encode(ENTRIES, entry(system="s" * 255))
    longer = data.replace(b"\xfe\x03" + b"s" * 255, b"\x80\x04" + b"s" * 256)
    assert longer != data
    with pytest.raises(InvalidValue, match="system: has more than 255 bytes"):
        codec.decode(ENTRIES, longer)


def test_a_list_of_very_small_items_is_refused_in_large_messages_only() -> None:
    sent = snapshot(3_000, length=5)
    assert len(codec.encode(CONTROLS, sent)) < LARGE_BYTES
    assert codec.decode(CONTROLS, codec.encode(CONTROLS, sent)) == sent
