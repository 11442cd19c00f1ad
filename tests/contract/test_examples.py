"""The golden examples of every event: they load, become Avro, come back, and are the same JSON again."""

import json
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, get_args

import pytest

from recordgate_schemas import codec
from recordgate_schemas.control import Change
from recordgate_schemas.mapping import mapper
from recordgate_schemas.messages import Held, IncarnationMessage, Released
from recordgate_schemas.topics import CONTROLS, HELD, RELEASED, TOPICS, Topic

ROOT = resources.files("recordgate_schemas") / "examples"


def of(topic: Topic) -> list[Traversable]:
    return files_of(topic.schema)


def files_of(schema: str) -> list[Traversable]:
    event, _, version = schema.rpartition(".")
    return sorted((ROOT / event / version).iterdir(), key=lambda file: file.name)


FILES = [(topic, file) for topic in TOPICS for file in of(topic)]


@pytest.mark.parametrize(("topic", "file"), FILES, ids=lambda value: value.name)
def test_an_example_survives_json_object_avro_object_json(topic: Topic, file: Traversable) -> None:
    example = json.loads(file.read_text("utf-8"))
    load, dump = mapper(topic.message, "json")
    assert dump is not None
    received = codec.decode(topic, codec.encode(topic, load(example)))
    assert example == dump(received)


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.incarnation])
def test_an_example_about_a_partition_survives_too(topic: Topic) -> None:
    for file in files_of(topic.incarnation or ""):
        example = json.loads(file.read_text("utf-8"))
        load, dump = mapper(IncarnationMessage, "json")
        assert dump is not None
        assert example == dump(codec.decode(topic, codec.encode(topic, load(example))))


def schemas_of(topic: Topic) -> list[str]:
    return [name for name in (topic.schema, topic.incarnation) if name is not None]


def test_every_example_belongs_to_a_topics_newest_schema() -> None:
    known = {name.rpartition(".")[0] for topic in TOPICS for name in schemas_of(topic)}
    assert known == {folder.name for folder in ROOT.iterdir()}


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        (CONTROLS, get_args(Change)),
        (RELEASED, get_args(Released.__annotations__["change"])),
        (HELD, get_args(Held.__annotations__["change"])),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_type_of_change_has_an_example(topic: Topic, changes: tuple[type, ...]) -> None:
    shown = {_example(file)["change"]["type"] for file in of(topic)}
    assert {change.__name__ for change in changes} == shown


@pytest.mark.parametrize(("topic", "file"), FILES, ids=lambda value: value.name)
def test_an_example_names_only_patients_that_cannot_exist(topic: Topic, file: Traversable) -> None:
    """NHS numbers beginning with 999 are reserved for tests and never issued."""
    example = _example(file)
    assert (
        topic.message.__name__ in ("Receipts", "Quarantined") or example["nhs_number"][:3] == "999"
    )


def _example(file: Traversable) -> Any:
    return json.loads(file.read_text("utf-8"))
