"""Whether a resource is valid FHIR by HL7's definitions: shapes, counts, required elements, choices, references.

Values are not looked into (codes, dates, invariants in words): what is compared is a body with its source, and a body
repeats its values.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from recordgate_producers.fhir.definitions import CHOICE, NUMBERS, PRIMITIVES, READ
from recordgate_producers.fhir.tree import nodes
from tests.support.fhir_definitions.__main__ import store
from tests.support.fhir_definitions.official import JARS, Row, official_elements

Json = dict[str, Any]

ANYTHING = frozenset({"", "Resource", "Any"})
OF_NONE = ("BackboneElement", "Element")


class Problem(NamedTuple):
    """What is wrong with which element, as FHIR names it."""

    path: str
    what: str


def new_problems(body: Json, sources: Iterable[Json]) -> frozenset[Problem]:
    """Return what is wrong with a body and not with what it was made from; in the version of which it has least."""
    sources = [*sources]
    found = []
    for version in JARS:
        known = frozenset().union(*(problems(one, version) for one in sources))
        found.append((len(known), problems(body, version) - known))
    least = min(count for count, _ in found)
    return min((new for count, new in found if count == least), key=len)


def problems(resource: Json, version: str) -> frozenset[Problem]:
    """Return what is wrong with a resource in a version of FHIR."""
    return frozenset(_Reader(resource, version).read())


@cache
def rows(version: str) -> Mapping[str, Row]:
    return official_elements(store(), READ, [version])


@cache
def _elements(version: str, holder: str) -> Mapping[str, tuple[str, Row, str]]:
    """Return, by key, the element's path, what is said of it, and the type that the key gives it."""
    bases = ["Element", "BackboneElement"]
    if holder in READ:
        bases += ["Resource", "DomainResource"]
    found = {}
    for path, row in rows(version).items():
        parent, _, name = path.rpartition(".")
        if parent in (*bases, holder):
            choice = name.endswith(CHOICE)
            stem = name.removesuffix(CHOICE)
            for type_ in row.types:
                key = stem + type_[0].upper() + type_[1:] if choice else stem
                found[key] = (path, row, type_)
    return found


class _Reader:
    def __init__(self, resource: Json, version: str) -> None:
        self._resource = resource
        self._version = version
        self._ids = [str(one.get("id")) for one in nodes(resource, "contained")]
        self._named: set[str] = set()

    def read(self) -> Iterator[Problem]:
        yield from self._of_resource(self._resource)
        for one in self._ids:
            if self._ids.count(one) > 1:
                yield Problem("contained", "two with one id")
            if one not in self._named:
                yield Problem("contained", "nothing refers to it")

    def _of_resource(self, resource: Json) -> Iterator[Problem]:
        kind = str(resource.get("resourceType"))
        if kind not in READ:
            yield Problem(kind, "not a known type")
        else:
            yield from self._object(resource, kind)

    def _object(self, value: Json, holder: str) -> Iterator[Problem]:
        known = _elements(self._version, holder)
        if not value:
            yield Problem(holder, "empty")
        present = {key.lstrip("_") for key, part in value.items() if _says_something(part)}
        chosen: dict[str, set[str]] = {}
        for key, part in value.items():
            if key == "resourceType":
                continue
            name = key.lstrip("_")
            if name not in known:
                yield Problem(f"{holder}.{key}", "not defined")
                continue
            path, row, type_ = known[name]
            chosen.setdefault(path, set()).add(name)
            yield from self._values(part, path, row, type_, key)
        yield from (
            Problem(path, "two choices") for path, names in chosen.items() if len(names) > 1
        )
        for path in {
            path
            for path, row, _ in known.values()
            if row.required and path.startswith(f"{holder}.")
        }:
            if not any(known[name][0] == path for name in present & known.keys()):
                yield Problem(path, "required")
        if holder == "Reference":
            yield from self._reference(value)
        if holder == "Extension" and ("extension" in value) == any(
            k.lstrip("_").startswith("value") for k in value
        ):
            yield Problem(holder, "value or extensions, one of them")

    def _reference(self, value: Json) -> Iterator[Problem]:
        target = value.get("reference")
        if isinstance(target, str) and target.startswith("#"):
            self._named.add(target[1:])
            if target != "#" and target[1:] not in self._ids:
                yield Problem("Reference.reference", "names nothing contained")
        if not {"reference", "identifier", "display", "_reference", "_display"} & value.keys():
            yield Problem("Reference", "says nothing")

    def _values(self, value: Any, path: str, row: Row, type_: str, key: str) -> Iterator[Problem]:
        if isinstance(value, list) != row.many:
            yield Problem(path, "a list" if isinstance(value, list) else "not a list")
        if value == []:
            yield Problem(path, "empty")
        for part in value if isinstance(value, list) else [value]:
            if key.startswith("_") and isinstance(part, dict):
                yield from self._object(part, "Element")
            elif part is None:
                if type_ not in PRIMITIVES or not isinstance(value, list):
                    yield Problem(path, "null")
            else:
                yield from self._value(part, path, row, type_)

    def _value(self, value: Any, path: str, row: Row, type_: str) -> Iterator[Problem]:
        if type_ in PRIMITIVES:
            if not _is_json_of(value, type_):
                yield Problem(path, f"not a {type_}")
        elif not isinstance(value, dict):
            yield Problem(path, "not an object")
        elif type_ == "Resource":
            yield from self._of_resource(value)
        elif type_ == "Reference":
            yield from self._object(value, type_)
            yield from _target(value, path, row)
        else:
            yield from self._object(value, path if type_ in OF_NONE else type_.removeprefix("@"))


def _says_something(part: Any) -> bool:
    """Whether anything stands in it. What holds empty things only is in no body, so its source lacks it, too."""
    if isinstance(part, dict | list):
        return any(map(_says_something, part.values() if isinstance(part, dict) else part))
    return part is not None


def _target(value: Json, path: str, row: Row) -> Iterator[Problem]:
    kind, slash, _ = unquote(str(value.get("reference", ""))).strip().partition("/")
    if slash and kind in READ and not {kind, *ANYTHING} & row.targets and row.targets:
        yield Problem(path, f"may not name a {kind}")


def _is_json_of(value: Any, type_: str) -> bool:
    if type_ == "boolean":
        return isinstance(value, bool)
    if type_ in NUMBERS:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (type_ == "decimal" and isinstance(value, float))
    return isinstance(value, str) and value != ""
