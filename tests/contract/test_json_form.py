"""The JSON form of messages: everything round-trips; what does not parse is refused naming field and rule."""

import json
from datetime import datetime
from typing import Any, get_args

import pytest
from hypothesis import given

from recordgate_schemas.control import Change, Control
from recordgate_schemas.errors import InvalidValue
from recordgate_schemas.mapping import mapper
from recordgate_schemas.topics import TOPICS
from tests.support.builders import access, control, entry, granted, historic
from tests.support.strategies import messages

LOAD, DUMP = mapper(Control, "json")
BASE: dict[str, Any] = {
    "control_id": "c-1",
    "nhs_number": "9990000018",
    "effective_at": "2025-06-03T09:00:00+00:00",
    "source": "test",
    "change": {"type": "Died", "died_on": None},
}


@pytest.mark.parametrize("change", get_args(Change), ids=lambda c: c.__name__)
def test_every_change_round_trips(change: type) -> None:
    @given(messages(change))
    def round_trip(value: Any) -> None:
        sent = control(value)
        assert DUMP is not None
        assert sent == LOAD(json.loads(json.dumps(DUMP(sent))))

    round_trip()


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_every_message_round_trips(topic: Any) -> None:
    load, dump = mapper(topic.message, "json")
    assert dump is not None

    @given(messages(topic.message))
    def round_trip(sent: Any) -> None:
        assert sent == load(json.loads(json.dumps(dump(sent))))

    round_trip()


CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"colour": 1}, "Control: 1 unknown field; known: control_id, "),
    "wrong type name": ({"change": {"type": "Dead"}}, "change: type must be one of"),
    "no type name": ({"change": {"died_on": None}}, "change: type must be one of"),
    "a type name that is a list": ({"change": {"type": []}}, "change: type must be one of"),
    "a change that is text": ({"change": "Died"}, "change: type must be one of"),
    "unknown field of a change": (
        {"change": {"type": "Died", "died_on": None, "why": 1}},
        "Died: 1 unknown field; known: died_on",
    ),
    "missing field of a change": ({"change": {"type": "Died"}}, "Died: missing field died_on"),
    "day that is none": ({"change": {"type": "Died", "died_on": "2025-02-30"}}, "died_on: "),
    "number for a text": ({"source": 5}, "source: must be text"),
    "text for a number": (
        {"change": {"type": "StateConfirmed", "through": "5"}},
        "through: must be a whole number of 64 bits",
    ),
    "truth for a number": (
        {"change": {"type": "StateConfirmed", "through": True}},
        "through: must be a whole number of 64 bits",
    ),
    "number for a day": ({"change": {"type": "Died", "died_on": 1}}, "died_on: must be text"),
    "unknown symbol": (
        {"change": {"type": "AccessReviewCoded", "code": "105"}},
        "code: must be one of needed_104, not_needed_106",
    ),
    "wrong check digit": ({"nhs_number": "9990000019"}, "nhs_number: "),
    "time that is none": ({"effective_at": "yesterday"}, "effective_at: "),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_control_that_does_not_parse_is_refused_naming_the_field(name: str) -> None:
    changed, rule = CHANGED[name]
    with pytest.raises(InvalidValue) as refusal:
        LOAD({**BASE, **changed})
    assert str(refusal.value).startswith(rule)
    assert "9990000019" not in str(refusal.value)
    assert "yesterday" not in str(refusal.value)


@pytest.mark.parametrize("field", BASE)
def test_a_missing_field_is_refused_by_name(field: str) -> None:
    with pytest.raises(InvalidValue, match=f"^Control: missing field {field}$"):
        LOAD({name: value for name, value in BASE.items() if name != field})


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="Control: must be an object"):
        LOAD(value)


def test_a_time_without_zone_is_refused_naming_the_field() -> None:
    with pytest.raises(InvalidValue, match=r"^effective_at: must carry a time zone"):
        LOAD({**BASE, "effective_at": "2025-06-03T09:00:00"})


def test_a_time_that_has_no_utc_form_is_refused() -> None:
    with pytest.raises(InvalidValue, match="effective_at"):
        LOAD({**BASE, "effective_at": "0001-01-01T00:00:00+14:00"})


@pytest.mark.parametrize(
    "changed",
    [{"change": {"type": "StateConfirmed", "through": 2**70}}, {"source": "\ud800"}],
    ids=["a number of 70 bits", "half a character"],
)
def test_what_avro_cannot_write_is_refused_when_it_is_read_from_json(
    changed: dict[str, Any],
) -> None:
    with pytest.raises(InvalidValue):
        LOAD({**BASE, **changed})


def test_a_naive_time_cannot_be_written() -> None:
    naive = datetime(2025, 6, 3, 9)  # noqa: DTZ001  the point of the test
    for form in ("avro", "json"):
        dump = mapper(Control, form).dump
        assert dump is not None
        with pytest.raises(InvalidValue, match="time zone"):
            dump(control(granted(), effective_at=naive))


def test_times_from_elsewhere_become_utc() -> None:
    loaded = LOAD({**BASE, "effective_at": "2025-06-03T10:00:00+01:00"})
    assert loaded.effective_at.isoformat() == "2025-06-03T09:00:00+00:00"


def test_optional_parts_round_trip_present_and_absent() -> None:
    assert DUMP is not None
    for value in (access(), access(historic=historic())):
        assert control(value) == LOAD(DUMP(control(value)))


def test_a_body_is_base64_in_json_and_nothing_else_parses() -> None:
    load, dump = mapper(type(entry()), "json")
    assert dump is not None
    plain = dump(entry())
    assert entry() == load(plain)
    with pytest.raises(InvalidValue, match=r"^body: does not parse"):
        load({**plain, "body": "%%%"})
