"""A released FHIR resource in plain words: a title, and a line for everything else in it. Never fails on odd content.

SAFETY: a value left unsaid may turn a meaning round, so every value is said, or the last line says that not all are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import simplejson
from simplejson import RawJSON

from recordgate_consumers.view.words import (
    clean,
    field_name,
    of_coded,
    of_measure,
    of_reference,
    plain,
)

Json = dict[str, Any]

NOT_IN_FULL = "This entry is not shown in full here."
MOST_LEVELS = 12
MOST_LINES = 500

_TITLES = (
    "code", "vaccineCode", "medicationCodeableConcept", "medicationReference", "serviceRequested",
    "type", "title", "description", "name",
)  # fmt: skip
"""The fields an entry is called by; the first that has words."""

_SILENT = frozenset(
    {"resourceType", "id", "meta", "subject", "patient", "contained", "implicitRules"}
)
"""What says nothing to a reader: whose record it is, and what is described where it is referred to."""

_NEGATIONS = (
    ("verificationStatus", "refuted", "Refuted"),
    ("verificationStatus", "entered-in-error", "Entered in error"),
    ("status", "not-done", "Not done"),
    ("status", "not-taken", "Not taken"),
    ("status", "entered-in-error", "Entered in error"),
    ("status", "cancelled", "Cancelled"),
    ("taken", "n", "Not taken"),
    ("taken", "na", "Not taken"),
    ("notGiven", "yes", "Not given"),
    ("notDone", "yes", "Not done"),
    ("doNotPerform", "yes", "Not to be done"),
)
"""What turns an entry round belongs into its title."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A resource in words. `complete`: everything in it is there."""

    title: str
    lines: tuple[str, ...]
    complete: bool

    @property
    def text(self) -> str:
        """The lines, and a last one if they are not all there is."""
        return "\n".join(self.lines if self.complete else (*self.lines, NOT_IN_FULL))


def parse_body(body: bytes) -> Json | None:
    """Return the resource, its numbers as they are written, or None when the body is no JSON object."""
    try:
        resource = simplejson.loads(body.decode("utf-8"), parse_float=RawJSON)
    except (ValueError, RecursionError):
        return None
    return resource if isinstance(resource, dict) else None


def render(resource: Json) -> Rendered:
    """Return a resource in words."""
    describer = _Describer(resource)
    title, called = _title(resource)
    described = dict.fromkeys(clean(line) for line in describer.lines(called))
    lines = tuple(line for line in described if line)
    return Rendered(title, lines[:MOST_LINES], describer.complete and len(lines) <= MOST_LINES)


def _title(resource: Json) -> tuple[str, str]:
    """Return what the entry is called, and the line that would say it again."""
    for name in _TITLES:
        value = resource.get(name)
        words = of_reference(value, resource) or of_coded(value) or plain(value)
        if title := clean(words):
            return _turned(resource) + title, f"{field_name(name)}: {words}"
    return _turned(resource) + (clean(plain(resource.get("resourceType"))) or "Entry"), ""


def _turned(resource: Json) -> str:
    found = dict.fromkeys(
        word for field, code, word in _NEGATIONS if code in _codes(resource.get(field))
    )
    return "".join(f"{word}: " for word in found)


def _codes(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_codes, value))
    if isinstance(value, dict):
        return _codes(value.get("coding")) | _codes(value.get("code"))
    return {plain(value).lower()}


class _Describer:
    """Describes a resource field by field, and notes what it could not describe."""

    def __init__(self, resource: Json) -> None:
        self._resource = resource
        self.complete = True

    def lines(self, called: str) -> Iterator[str]:
        """Yield a line for every value, but the one that is the title already: `called`."""
        for key, value in self._resource.items():
            if key not in _SILENT:
                described = self._describe(field_name(key), value, 0)
                yield from (line for line in described if line != called)
        yield from self._contained()

    def _describe(self, label: str, value: Any, depth: int) -> Iterator[str]:
        if depth > MOST_LEVELS:
            self.complete = False
        elif isinstance(value, list):
            for part in value:
                yield from self._describe(label, part, depth + 1)
        elif isinstance(value, dict):
            yield from self._object(label, value, depth)
        elif words := plain(value):
            yield f"{label}: {words}"

    def _object(self, label: str, value: Json, depth: int) -> Iterator[str]:
        if "data" in value or "contentType" in value:
            self.complete = False  # an attachment: its content is not words
        words = of_reference(value, self._resource) or of_coded(value) or of_measure(value)
        if words:
            yield f"{label}: {words}"
        named = of_coded(value.get("code")) if isinstance(value.get("code"), dict) else ""
        for key, part in value.items():
            if key in _TECHNICAL or (words and key in _OF_WORDS):
                continue
            if named and key.startswith("value"):
                yield from self._describe(named, part, depth + 1)
            elif not (named and key == "code" and _has_value(value)):
                yield from self._describe(_inner(label, key, value), part, depth + 1)

    def _contained(self) -> Iterator[str]:
        """Describe what is contained: staff and places by their names where they are referred to, the rest in full."""
        contained = self._resource.get("contained")
        for part in contained if isinstance(contained, list) else []:
            if isinstance(part, dict):
                for key, value in part.items():
                    if key not in ("resourceType", "id"):
                        label = f"{field_name(plain(part.get('resourceType')))}, {field_name(key)}"
                        yield from self._describe(label, value, 1)


def _has_value(part: Json) -> bool:
    return any(key.startswith("value") for key in part)


def _inner(label: str, key: str, value: Json) -> str:
    """Return what a field inside another one is called; an extension is called by the end of its address."""
    if key.startswith("value") and "url" in value:
        return f"{label}, {field_name(plain(value['url']).rpartition('/')[2])}"
    return f"{label}, {field_name(key)}"


_OF_WORDS = frozenset(
    {
        "coding",
        "text",
        "display",
        "value",
        "unit",
        "code",
        "system",
        "comparator",
        "low",
        "high",
        "numerator",
    }
    | {"denominator", "start", "end", "reference", "type"}
)
"""What the words of a code, a measure or a reference are made of."""

_TECHNICAL = frozenset(
    {"url", "system", "reference", "data", "hash", "size", "userSelected", "version", "linkId"}
)
"""What means nothing to a reader by itself."""
