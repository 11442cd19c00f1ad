"""A resource with every element that FHIR gives its type, some of them in one of their choices."""

from collections.abc import Iterator, Mapping
from typing import Any

from recordgate_producers.fhir.definitions import CHOICE, NUMBERS, PRIMITIVES
from tests.support.fhir_definitions.official import Row
from tests.support.fhir_definitions.validity import rows

Json = dict[str, Any]

MOST_LEVELS = 4
"""Levels to which optional elements are filled; below them only what is required."""

NAMED = "named"
"""The id of whatever a reference names."""

_OWN = ("id", "meta", "contained", "text", "implicitRules", "language", "modifierExtension")
_TEXTS = {
    "date": "2026-03-02",
    "dateTime": "2026-03-02",
    "instant": "2026-03-02T09:00:00Z",
    "time": "09:00:00",
}
EXTENSION = {
    "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-X",
    "valueString": "Words",
}


def filled(kind: str, version: str, choice: int) -> Json:
    """Return such a resource. `choice`: which type each choice has, counted round; which target each reference."""
    made = _object(kind, _Filling(rows(version), choice), 0)
    return {"resourceType": kind, **made}


class _Filling:
    def __init__(self, rows_: Mapping[str, Row], choice: int) -> None:
        self.rows = rows_
        self.choice = choice

    def below(self, holder: str) -> Iterator[tuple[str, Row]]:
        for path, row in self.rows.items():
            if path.rpartition(".")[0] == holder:
                yield path, row


def _object(holder: str, filling: _Filling, level: int) -> Json:
    made: Json = {}
    for path, row in filling.below(holder):
        name = path.rpartition(".")[2]
        if name in _OWN or (level >= MOST_LEVELS and not row.required) or level > 2 * MOST_LEVELS:
            continue
        types = sorted(row.types - {"Resource"})
        if not types or (holder == "Extension" and not row.required):
            continue
        type_ = types[filling.choice % len(types)]
        key = (
            name.removesuffix(CHOICE) + type_[0].upper() + type_[1:]
            if name.endswith(CHOICE)
            else name
        )
        value = _value(type_, path, row, filling, level)
        if value is not None:
            made[key] = [value, value] if row.many else value
            if type_ in ("string", "markdown", "code") and not row.many:
                made[f"_{key}"] = {"extension": [EXTENSION]}
    if holder == "Extension":
        made["valueString"] = "Words"
    elif level:
        made["extension"] = [EXTENSION]
    return made


def _value(type_: str, path: str, row: Row, filling: _Filling, level: int) -> Any:
    if type_ in PRIMITIVES:
        if type_ == "boolean":
            return True
        return 7 if type_ in NUMBERS else _TEXTS.get(type_, "Words")
    if type_ == "Reference":
        targets = sorted(row.targets - {"Patient", "Resource", "Any", ""}) or ["Observation"]
        return {"reference": f"{targets[filling.choice % len(targets)]}/{NAMED}"}
    if type_ == "Extension":
        return EXTENSION
    holder = path if type_ in ("BackboneElement", "Element") else type_.removeprefix("@")
    return _object(holder, filling, level + 1) or None
