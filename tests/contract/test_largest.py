"""By construction: the largest of every message that follows from another fits its topic."""

from typing import Any, get_args, get_type_hints

import pytest

from recordgate_schemas import codec
from recordgate_schemas.control import Change, Control, RecordSnapshot
from recordgate_schemas.messages import Held, Quarantined, Receipts, Released
from recordgate_schemas.topics import CONTROLS, HELD, QUARANTINED, RECEIPTS, RELEASED, Topic
from tests.support.largest import largest


def changes(message: type) -> list[tuple[type, type]]:
    return [(message, change) for change in get_args(get_type_hints(message)["change"])]


CARRIED_BY: dict[type, Topic] = {Released: RELEASED, Held: HELD, Control: CONTROLS}


@pytest.mark.parametrize(
    ("message", "change"), [*changes(Released), *changes(Held)], ids=lambda c: c.__name__
)
def test_the_largest_release_retraction_marker_hold_and_task_fit(
    message: type, change: type
) -> None:
    fits(CARRIED_BY[message], largest(message, change=largest(change)))


@pytest.mark.parametrize(("topic", "message"), [(RECEIPTS, Receipts), (QUARANTINED, Quarantined)])
def test_the_most_and_largest_receipts_and_quarantine_notice_fit(
    topic: Topic, message: type
) -> None:
    fits(topic, largest(message))


@pytest.mark.parametrize("change", [c for c in get_args(Change) if c is not RecordSnapshot])
def test_the_largest_control_fits_whatever_it_changes(change: type) -> None:
    """Snapshots apart: their limit is the topic's, as it depends on how long ids are."""
    fits(CONTROLS, largest(Control, change=largest(change)))


def fits(topic: Topic, message: Any) -> None:
    data = codec.encode(topic, message)
    assert len(data) <= topic.max_bytes
    assert codec.decode(topic, data) == message
