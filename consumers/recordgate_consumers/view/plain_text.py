"""A released FHIR resource in plain words, for people at a terminal: a title and a text. Never fails on odd content."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import orjson

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")
_TITLE_FIELDS = (
    "code",
    "vaccineCode",
    "vaccinationProcedure",
    "medicationCodeableConcept",
    "serviceRequested",
    "type",
    "title",
    "description",
    "name",
)
_TEXT_FIELDS = (
    "comment",
    "patientInstruction",
    "reasonText",
    "conclusion",
    "summary",
    "description",
)


def parse_body(body: bytes) -> dict[str, Any] | None:
    """Return the resource, or None when the body is no JSON object."""
    try:
        resource = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return resource if isinstance(resource, dict) else None


def title(resource: dict[str, Any]) -> str:
    """Return what the entry is called: its code's words, else its type."""
    candidates = (words(resource.get(name)) for name in _TITLE_FIELDS)
    found = next((text for text in candidates if text), "") or _contained_title(resource)
    return clean(found) or clean(str(resource.get("resourceType", "Entry")))


def plain_text(resource: dict[str, Any]) -> str:
    """Return the entry's text beyond its title: value, notes, narrative, each once."""
    texts = dict.fromkeys(text for part in _texts(resource) if (text := clean(part)))
    texts.pop(title(resource), None)
    return "\n".join(texts)


def clean(text: str) -> str:
    """Return text that cannot command a terminal: no control characters, one space for many."""
    return _SPACE.sub(" ", _CONTROL.sub("", text)).strip()


def words(value: Any) -> str:
    """Return the words of a CodeableConcept, a Coding or a string; empty for anything else."""
    if isinstance(value, list):
        return next((text for item in value if (text := words(item))), "")
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    own = value.get("text") or value.get("display")
    return own if isinstance(own, str) else words(value.get("coding"))


def _contained_title(resource: dict[str, Any]) -> str:
    reference = _dict(resource.get("medicationReference"))
    for item in _dicts(resource.get("contained")):
        if reference.get("reference") == f"#{item.get('id')}":
            return words(item.get("code"))
    return words(reference)


def _texts(resource: dict[str, Any]) -> Iterator[str]:
    yield _quantity(_dict(resource.get("valueQuantity")))
    yield words(resource.get("valueCodeableConcept"))
    yield words(resource.get("valueString"))
    for component in _dicts(resource.get("component")):
        yield f"{words(component.get('code'))} {_quantity(_dict(component.get('valueQuantity')))}"
    for dosage in _dicts(resource.get("dosageInstruction")) + _dicts(resource.get("dosage")):
        yield words(dosage.get("text"))
    for note in _dicts(resource.get("note")):
        yield words(note.get("text"))
    for name in _TEXT_FIELDS:
        yield words(resource.get(name))
    yield unescape(_TAG.sub(" ", words(_dict(resource.get("text")).get("div"))))


def _quantity(quantity: dict[str, Any]) -> str:
    value = quantity.get("value")
    return "" if value is None else f"{value} {quantity.get('unit') or quantity.get('code') or ''}"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
