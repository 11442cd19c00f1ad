"""Words for single FHIR values: codes, measures, references, dates; and for the names of fields."""

import re
import unicodedata
from typing import Any

_SPACE = re.compile(r"\s+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CHOICES = re.compile(
    r"^(value|effective|onset|abatement|occurrence|performed|medication|deceased)(?=[A-Z])"
)
_SHORTER = {"value": "result", "effective": "date", "occurrence": "date", "performed": "date"}


def clean(text: str) -> str:
    """Return text that cannot command a terminal or reorder what is read: no control or format characters."""
    kept = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
    return _SPACE.sub(" ", kept).strip()


def plain(value: Any) -> str:
    """Return a primitive in words, empty for anything else."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list) or value is None:
        return ""
    return str(getattr(value, "encoded_json", value))


def field_name(key: str) -> str:
    """Return a field's name in words: `dosageInstruction` as "dosage instruction"; a choice by what it is about."""
    stem = _CHOICES.match(key)
    if stem:
        return _SHORTER.get(stem[1], stem[1])
    return _HUMP.sub(" ", key.lstrip("_")).replace("-", " ").lower()


def of_coded(value: Any) -> str:
    """Return the words of a CodeableConcept or a Coding; its code when it has none; empty for anything else."""
    if isinstance(value, list):
        return next((words for part in value if (words := of_coded(part))), "")
    if not isinstance(value, dict) or "value" in value:
        return ""
    own = plain(value.get("text")) or plain(value.get("display"))
    coded = of_coded(value.get("coding"))
    if own and coded and coded.lower() != own.lower() and "coding" in value:
        return f"{own} ({coded})"
    return own or coded or plain(value.get("code"))


def of_measure(value: Any) -> str:
    """Return a quantity, range, ratio or period in words; empty for anything else."""
    if not isinstance(value, dict):
        return ""
    if "numerator" in value or "denominator" in value:
        return f"{of_measure(value.get('numerator')) or '?'} / {of_measure(value.get('denominator')) or '?'}"
    if "low" in value or "high" in value:
        return _between(of_measure(value.get("low")), of_measure(value.get("high")))
    if "start" in value or "end" in value:
        return _between(plain(value.get("start")), plain(value.get("end")))
    number = plain(value.get("value"))
    unit = plain(value.get("unit")) or plain(value.get("code"))
    return f"{plain(value.get('comparator'))}{number} {unit}".strip() if number else ""


def of_reference(value: Any, resource: dict[str, Any]) -> str:
    """Return the words of a reference: its own, or the name of the contained resource that it leads to."""
    if not isinstance(value, dict) or not isinstance(
        value.get("reference", value.get("display")), str
    ):
        return ""
    if not {"reference", "display"} & value.keys() or "coding" in value or "system" in value:
        return ""
    return plain(value.get("display")) or _name_inside(plain(value.get("reference")), resource)


def _name_inside(reference: str, resource: dict[str, Any]) -> str:
    contained = resource.get("contained")
    for part in contained if isinstance(contained, list) else []:
        if isinstance(part, dict) and reference == f"#{part.get('id')}":
            return (
                of_coded(part.get("code"))
                or of_name(part.get("name"))
                or of_coded(part.get("type"))
            )
    return ""


def of_name(value: Any) -> str:
    """Return a person's, a place's or an organisation's name in words."""
    if isinstance(value, list):
        return next((words for part in value if (words := of_name(part))), "")
    if not isinstance(value, dict):
        return plain(value)
    parts = [value.get("prefix"), value.get("given"), value.get("family")]
    written = [word for part in parts for word in (part if isinstance(part, list) else [part])]
    return plain(value.get("text")) or " ".join(word for word in map(plain, written) if word)


def _between(first: str, last: str) -> str:
    if first and last:
        return f"{first} to {last}"
    return f"from {first}" if first else f"up to {last}" if last else ""
