"""The losses: leaves of a source that its body does not have, by kind, and why each kind is left out."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recordgate_producers.fhir import Given, extract
from recordgate_producers.fhir.body import write_body
from recordgate_producers.fhir.bundle import Resource, open_bundle
from recordgate_producers.fhir.left_out import DEFINED
from recordgate_producers.fhir.patient import read_patient
from recordgate_producers.fhir.tree import Json

OTHER = "other"
"""What an extension is called that neither the NHS nor HL7 defines."""

NOT_HERE = "names nothing in the record that a patient can be shown, or somebody"
OWN_NUMBER = "carries the patient's own number; the entry is held"
_STAFF = "HealthcareService|Location|Organization|Practitioner|PractitionerRole"
WHY = (
    (r"(.*[iI]dentifier)\..*", "numbers and names somebody gave; a reader has no use for them"),
    (r"(.*\.)?(text)\.(?:status|div)", "repeats the resource in words that no rule has read"),
    (r"(.*\.)?(meta)\.(?:security|tag)\..*", "labels decide, and are never shown"),
    (r"(.*\.)?(meta)\.(?:versionId|lastUpdated|source|profile)", "about the copy at its source"),
    (r"(.*extension:other)\..*", "neither the NHS nor HL7 defines the extension; nobody can read it"),
    (r"(.*subject|patient)\.(?:display|reference|type)", "whose it is, said as `Patient/self`"),
    (r"(contained:\w+\.id)", "what is contained is named by its place"),
    (rf"(contained:(?:{_STAFF})\.(?!name|code|type|organization|practitioner)[^.]+).*",
     "about staff and places: no addresses, and nothing of their own lives"),
    (r"(contained:Location\.type)\..*", "about staff and places: a place is known by its name"),
    (r"(.*extension:[\w-]+)\.(?:url|valueReference\..*)", NOT_HERE),
    (r"(?!.*coding)(.*)\.(?:reference|display)", NOT_HERE),
)  # fmt: skip
"""Paths of what is left out, and why. The parts in brackets are the element that is left out."""


@dataclass(frozen=True, order=True)
class Loss:
    """A kind of loss. `why`: empty if no documented rule explains it."""

    type: str
    element: str
    why: str


def losses(document: Any, given: Given) -> Counter[Loss]:
    """Return how often the bodies of a record lose what; raise PoisonError if it is no record."""
    bundle = open_bundle(document)
    patient = read_patient(bundle, given)
    found: Counter[Loss] = Counter()
    for one in extract(document, given).entries:
        source = bundle.by_key[one.entry_id.split(":", 2)[2]]
        body = write_body(bundle, source, patient)
        inside = [_part(bundle.by_key[key]) for key in sorted(body.contained)]
        whole = {**source.json, "contained": [*source.json.get("contained", ()), *inside]}
        for path, value, count in _missing(whole, body.document):
            named = patient.is_named_in(value)
            found[_loss(source.type, path, OWN_NUMBER if named else "")] += count
    return found


def _part(resource: Resource) -> Json:
    return {"resourceType": resource.type, **resource.json}


def _missing(source: Json, body: Json) -> Iterator[tuple[str, str, int]]:
    counts = Counter(leaves(source))
    counts.subtract(leaves(body))
    yield from ((path, value, count) for (path, value), count in counts.items() if count > 0)


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every leaf. References are written anew, so their text does not count."""
    if isinstance(node, dict):
        for key, part in node.items():
            yield from leaves(part, f"{path}.{key}".removeprefix("."))
    elif isinstance(node, list):
        for part in node:
            yield from leaves(part, path + _qualifier(part, path))
    elif node is not None:
        yield path, "" if path.endswith("reference") else str(node)


def _qualifier(part: Any, path: str) -> str:
    if not isinstance(part, dict):
        return ""
    if path.endswith("xtension"):
        url = str(part.get("url", ""))
        known = "/" not in url or url.startswith(DEFINED)
        return f":{url.rpartition('/')[2] if known else OTHER}"
    return f":{part.get('resourceType')}" if path == "contained" else ""


def _loss(type_: str, path: str, otherwise: str) -> Loss:
    for pattern, why in WHY:
        if match := re.fullmatch(pattern, path):
            return Loss(type_, "".join(part for part in match.groups() if part), why)
    return Loss(type_, path, otherwise)
