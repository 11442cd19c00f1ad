"""The body of an entry: the resource as a patient may read it, complete in itself, always the same bytes.

Kept are the names of people, places and drugs it mentions. Left out are identifiers, labels (the envelope has them),
list warnings (they reveal to a patient that something was withheld) and everything about whose record it is.
INVARIANT: no body carries an NHS number of its patient; a field that does is left out as a whole and reported.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from recordgate_producers.fhir.bundle import Bundle, Resource
from recordgate_producers.fhir.labels import INLINE_LABEL
from recordgate_producers.fhir.patient import FhirPatient
from recordgate_producers.fhir.readiness import list_warnings
from recordgate_producers.fhir.tree import Json, nodes, text, texts
from recordgate_producers.fhir.types import CONTAINED_FIELDS, is_entry

OWN_PATIENT = "Patient/self"
"""What every body calls its patient; a reader puts its own id there."""

BODY_TYPE = "application/fhir+json"
_LEFT_OUT = frozenset(
    {
        "accessionIdentifier",
        "contained",
        "emptyReason",
        "fhir_comments",
        "groupIdentifier",
        "identifier",
        "masterIdentifier",
        "meta",
        "securityLabel",
    }
)
_EXTENSIONS_LEFT_OUT = ("listwarningcode", INLINE_LABEL)
_WARNING_NOTES = (
    "items excluded due to confidentiality",
    "patient record transfer from previous gp",
)
_PEOPLE = frozenset({"Patient", "RelatedPerson", "Person"})


@dataclass(frozen=True, slots=True)
class Body:
    """A body, its bytes, the keys of the resources contained in it, and what had to be left out."""

    document: Json
    data: bytes
    contained: frozenset[str]
    left_out: tuple[str, ...]


def write_body(bundle: Bundle, resource: Resource, patient: FhirPatient) -> Body:
    """Return the resource's body."""
    writer = _Writer(bundle, resource, patient)
    document = writer.write()
    data = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return Body(document, data, frozenset(writer.local_ids), tuple(sorted(writer.left_out)))


class _Writer:
    def __init__(self, bundle: Bundle, resource: Resource, patient: FhirPatient) -> None:
        self._bundle = bundle
        self._resource = resource
        self._patient = patient
        self._own: dict[str, str] = {}
        self._inside: list[Json] = []
        self.local_ids: dict[str, str] = {}
        self.left_out: set[str] = set()

    def write(self) -> Json:
        """Return the complete document, contained resources last."""
        source = self._resource.json
        self._keep_own_contained()
        document: Json = {"resourceType": self._resource.type, "id": self._resource.id}
        document |= self._fields(source, ())
        if profile := [*texts(list(nodes(source, "meta")), "profile")]:
            document["meta"] = {"profile": profile}
        for whose in ("subject", "patient"):
            if whose in source:
                document[whose] = {"reference": OWN_PATIENT}
        if list_warnings(source) or _is_warning(document.get("note")):
            document.pop("note", None)
        if self._inside:
            document["contained"] = self._inside
        return document

    def _keep_own_contained(self) -> None:
        if self._resource.type == "List":
            return  # what a List holds inside was lifted into entries of its own
        parts = [part for part in nodes(self._resource.json, "contained") if _is_kept(part)]
        self._own = {str(part["id"]): f"own-{place}" for place, part in enumerate(parts, start=1)}
        self._inside += [self._contained(part, self._own[str(part["id"])]) for part in parts]

    def _contained(self, resource: Json, local_id: str) -> Json:
        kind = str(resource.get("resourceType"))
        kept = CONTAINED_FIELDS.get(kind)
        fields = {k: v for k, v in resource.items() if kept is None or k in kept}
        return {**self._fields(fields, ("contained",)), "resourceType": kind, "id": local_id}

    def _fields(self, source: Json, trail: tuple[str, ...]) -> Json:
        cleaned = {
            key: self._clean(source[key], (*trail, key))
            for key in sorted(source)
            if key not in _LEFT_OUT and not self._carries_number(key)
        }
        return {key: value for key, value in cleaned.items() if not _is_empty(value)}

    def _clean(self, node: Any, trail: tuple[str, ...]) -> Any:
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                return self._reference(node)
            return None if _is_left_out(node) else self._fields(node, trail)
        if isinstance(node, list):
            parts = (self._clean(part, trail) for part in node)
            return [part for part in parts if not _is_empty(part)]
        if self._carries_number(node):
            self.left_out.add(".".join(trail))
            return None
        return node

    def _carries_number(self, node: Any) -> bool:
        return isinstance(node, str | int | float) and self._patient.is_named_in(str(node))

    def _reference(self, node: Json) -> Json:
        target = self._target(node["reference"].strip())
        kept = {"reference": target} if target else {}
        if target != OWN_PATIENT and not str(node["reference"]).startswith("Patient/"):
            kept |= {
                key: node[key]
                for key in ("display", "type")
                if isinstance(node.get(key), str) and not self._carries_number(node[key])
            }
        return kept

    def _target(self, reference: str) -> str | None:
        if reference.startswith("#"):
            own = self._own.get(reference[1:])
            return f"#{own}" if own else None
        key = self._bundle.key_of(reference)
        if key is None or self._carries_number(key):
            return None
        kind = key.partition("/")[0]
        if kind == "Patient":
            return OWN_PATIENT if key in self._bundle.by_key else None
        if kind in CONTAINED_FIELDS:
            return self._contain(key)
        return key if is_entry(kind) else None

    def _contain(self, key: str) -> str | None:
        resource = self._bundle.by_key.get(key)
        if resource is None:
            return None
        if key not in self.local_ids:
            self.local_ids[key] = self._local_id(resource.type)
            position = len(self._inside)
            self._inside.append({})
            self._inside[position] = self._contained(resource.json, self.local_ids[key])
        return f"#{self.local_ids[key]}"

    def _local_id(self, kind: str) -> str:
        """Name it by its place here, not by the source's id: a new id for the same drug must not make a new version."""
        place = 1 + sum(other.startswith(f"{kind}/") for other in self.local_ids)
        return f"{kind.lower()}-{place}"


def _is_kept(part: Json) -> bool:
    kind = text(part, "resourceType") or ""
    return kind.isascii() and kind.isalpha() and kind not in _PEOPLE and bool(text(part, "id"))


def _is_left_out(node: Json) -> bool:
    url = str(node.get("url", "")).lower()
    return any(part in url for part in _EXTENSIONS_LEFT_OUT)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)


def _is_warning(note: Any) -> bool:
    written = [str(part.get("text", "")).lower() for part in nodes(note)]
    return any(line.startswith(_WARNING_NOTES) for line in written)
