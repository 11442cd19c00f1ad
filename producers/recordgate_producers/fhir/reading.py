"""Reads every node of a resource: contained resources, extensions and nested parts included, each against the table.

Nothing is passed over. A key that FHIR does not know, or whose value has another shape than FHIR gives it, is a node
too: one of which nobody knows what it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recordgate_producers.fhir.definitions import (
    NUMBERS,
    PRIMITIVES,
    Field,
    fields_of,
    is_known,
)
from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.tree import Json

Pointer = tuple[str | int, ...]

MEASURES = frozenset({"Duration", "Quantity"})
UNKNOWN_RESOURCE = "DomainResource"
"""As what a resource of a type outside the table is read: only what all resources have is known of it."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value. `path`: as FHIR names the element, or the JSON keys of one it does not know; `field`: None then.

    `within`: the type of the resource it lies in, contained or not.
    """

    pointer: Pointer
    path: str
    field: Field | None
    value: Any
    within: str

    @property
    def role(self) -> Role | None:
        """What the value is, None if nobody knows."""
        return self.field.role if self.field else None

    @property
    def type(self) -> str:
        """The FHIR type of the value, empty if nobody knows."""
        return self.field.type if self.field else ""


def read_nodes(resource: Json) -> tuple[Node, ...]:
    """Return every node below a resource, each before what is inside it."""
    return tuple(_resource(resource, ()))


def contained_in(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the nodes that are resources contained in the one that was read."""
    for node in nodes:
        if node.type == "Resource" and node.pointer[0] == "contained" and len(node.pointer) <= 2:
            yield node


def resource_type(resource: Json) -> str:
    """Return the type under which a resource is read."""
    kind = resource.get("resourceType")
    return kind if isinstance(kind, str) and is_known(kind) else UNKNOWN_RESOURCE


def _resource(resource: Json, pointer: Pointer) -> Iterator[Node]:
    holder = resource_type(resource)
    yield from _object(resource, _Place(holder, holder, pointer, str(resource.get("resourceType"))))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an object stands. `holder`: whose elements its keys are; `path`: how its own path begins."""

    holder: str
    path: str
    pointer: Pointer
    within: str


def _object(source: Json, place: _Place) -> Iterator[Node]:
    known = _known_fields(source, place)
    for key in sorted(source):
        if key != "resourceType":
            fields = () if key == "contained" and place.pointer else known.get(key.lstrip("_"), ())
            yield from _values(source[key], key, fields, place, (*place.pointer, key))


def _known_fields(source: Json, place: _Place) -> Mapping[str, Sequence[Field]]:
    """Return the keys that an object may have. SAFETY: an extension has a value or extensions, never both."""
    known = fields_of(place.holder)
    if (
        place.holder == "Extension"
        and "extension" in source
        and any(key.lstrip("_").startswith("value") for key in source)
    ):
        return {key: fields for key, fields in known.items() if key != "extension"}
    return known


def _values(
    value: Any, key: str, fields: Sequence[Field], place: _Place, pointer: Pointer
) -> Iterator[Node]:
    """Yield the nodes of a value or of a list of them.

    SAFETY: a list where FHIR has one value, and one in a list, is not known: others may read its first value only. One
    value where FHIR has a list is read, and a list of one in a measure, as NHS England's own examples have them.
    """
    if not isinstance(value, list):
        yield from _value(value, key, fields, place, pointer)
        return
    lenient = len(value) == 1 and place.holder in MEASURES
    many = [one for one in fields if lenient or one.definition.many]
    for index, part in enumerate(value):
        if isinstance(part, list):
            yield from _values(part, key, (), place, (*pointer, index))
        elif part is not None:
            yield from _value(part, key, many, place, (*pointer, index))


def _value(
    value: Any, key: str, fields: Sequence[Field], place: _Place, pointer: Pointer
) -> Iterator[Node]:
    path = f"{place.path}.{key}"
    if key.startswith("_"):  # what a primitive has besides its value
        primitive = isinstance(value, dict) and (one for one in fields if one.type in PRIMITIVES)
        field = next(primitive or iter(()), None)
        yield Node(pointer, path, field, value, place.within)
        if isinstance(value, dict):
            yield from _object(value, _Place("Element", path, pointer, place.within))
        return
    field = _best(value, fields)
    yield Node(pointer, field.definition.path if field else path, field, value, place.within)
    if isinstance(value, dict):
        yield from _inside(value, field, _Place("Element", path, pointer, place.within))


def _inside(value: Json, field: Field | None, place: _Place) -> Iterator[Node]:
    if field is not None and field.type == "Resource":
        yield from _resource(value, place.pointer)
    else:
        holder = holder_of(field) if field else place.holder
        path = holder if field else place.path
        yield from _object(value, _Place(holder, path, place.pointer, place.within))


def holder_of(field: Field) -> str:
    """Return whose elements the keys of a value are."""
    if field.type in ("BackboneElement", "Element"):
        return field.definition.path
    return field.type.removeprefix("@")


def _best(value: Any, fields: Sequence[Field]) -> Field | None:
    """Return the meaning of a key that fits its value: where two versions differ, the one that knows more of it."""
    fitting = [one for one in fields if _fits(value, one)]
    if len(fitting) < 2 or not isinstance(value, dict):
        return fitting[0] if fitting else None
    return max(fitting, key=lambda one: len(value.keys() & fields_of(holder_of(one)).keys()))


def _fits(value: Any, field: Field) -> bool:
    """Whether a value has the JSON shape of the type. A number may be a text, as in NHS England's own examples."""
    if isinstance(value, dict):
        return field.type not in PRIMITIVES
    if isinstance(value, bool):
        return field.type == "boolean"
    if isinstance(value, str):
        return field.type in PRIMITIVES and field.type != "boolean"
    return field.type in NUMBERS
