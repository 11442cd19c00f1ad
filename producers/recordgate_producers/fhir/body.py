"""The body of an entry: the resource as a patient may read it, complete in itself, always the same bytes.

Kept are the names of staff, places and drugs it mentions; what is left out says `left_out`.
INVARIANT: no body carries an NHS number of its patient; a field that does is left out as a whole and reported.
"""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import simplejson

from recordgate_producers.fhir.bundle import STORED, Bundle, Resource
from recordgate_producers.fhir.definitions import fields_of, is_known, lost
from recordgate_producers.fhir.labels import is_spared
from recordgate_producers.fhir.left_out import is_left_out
from recordgate_producers.fhir.patient import FhirPatient
from recordgate_producers.fhir.persons import SUBJECTS, Whose, is_person, target_type, whose
from recordgate_producers.fhir.readiness import list_warnings
from recordgate_producers.fhir.reading import Node, Pointer, contained_in, holder_of, resource_type
from recordgate_producers.fhir.tree import Json, Written, content_of, nodes, references, text, texts
from recordgate_producers.fhir.types import (
    CONTAINED_FIELDS,
    CONTENT,
    MOST_CONTENT,
    PEOPLE,
    THINGS,
    is_entry,
)

OWN_PATIENT = "Patient/self"
"""What every body calls its patient; a reader puts its own id there."""

BODY_TYPE = "application/fhir+json"
_WARNING_NOTES = (
    "items excluded due to confidentiality",
    "patient record transfer from previous gp",
)


@dataclass(frozen=True, slots=True)
class Body:
    """A body, its bytes, and the keys of the resources contained in it.

    `left_out`: what had to be left out for the patient's number; `lost`: what FHIR requires and is not there any more.
    """

    document: Json
    data: bytes
    contained: frozenset[str]
    left_out: tuple[str, ...]
    lost: tuple[str, ...]


def write_body(bundle: Bundle, resource: Resource, patient: FhirPatient) -> Body:
    """Return the resource's body."""
    writer = _Writer(bundle, resource, patient)
    document = writer.write()
    written = simplejson.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Body(
        document,
        written.encode("utf-8"),
        frozenset(writer.local_ids),
        tuple(sorted(writer.left_out)),
        tuple(sorted(writer.lost)),
    )


class _Writer:
    def __init__(self, bundle: Bundle, resource: Resource, patient: FhirPatient) -> None:
        self._bundle = bundle
        self._resource = resource
        self._patient = patient
        self._own: dict[str, str] = {}
        self._inside: list[Json] = []
        self.local_ids: dict[str, str] = {}
        self._room = MOST_CONTENT
        self.left_out: set[str] = set()
        self.lost: set[str] = set()

    def write(self) -> Json:
        """Return the complete document, contained resources last."""
        source = self._resource.json
        self._keep_own_contained()
        document: Json = {"resourceType": self._resource.type, "id": self._resource.id}
        document |= _Copy(self, self._resource).fields(source, (), without=("contained", "id"))
        profiles = [*texts(list(nodes(source, "meta")), "profile")]
        if kept := [one for one in profiles if not self.carries_number(one)]:
            document["meta"] = {"profile": kept}
        if len(kept) < len(profiles):
            self.left_out.add("Meta.profile")
        for name in SUBJECTS:
            if name in source and name in fields_of(resource_type(source)):
                document[name] = {"reference": OWN_PATIENT}
        self._note_lost(self._resource.type, source, document)
        if list_warnings(source) or _is_warning(document.get("note")):
            document.pop("note", None)
        if inside := self._inside_of(document):
            document["contained"] = inside
        return document

    def _inside_of(self, document: Json) -> list[Json]:
        """Return what is contained, but for what only parts refer to that were left out: it was left out with them."""
        stated = {one.target for one in references(self._resource.json)}
        alone = {own for name, own in self._own.items() if f"#{name}" not in stated}
        kept, found = [], [document, *(one for one in self._inside if one["id"] in alone)]
        while found:
            kept += found
            named = {one.target for part in kept for one in references(part)}
            found = [one for one in self._inside if f"#{one['id']}" in named and one not in kept]
        return [one for one in self._inside if one in kept]

    def _keep_own_contained(self) -> None:
        if self._resource.type == "List":
            return  # what a List holds inside was lifted into entries of its own
        parts = [node for node in contained_in(self._resource.nodes) if _is_kept(node.value)]
        self._own = {str(part.value["id"]): f"own-{n}" for n, part in enumerate(parts, start=1)}
        copy = _Copy(self, self._resource)
        for part in parts:
            local_id = self._own[str(part.value["id"])]
            self._inside.append(self._contained(copy, part.value, local_id, part.pointer))

    def _contained(self, copy: "_Copy", resource: Json, local_id: str, pointer: Pointer) -> Json:
        kind = str(resource.get("resourceType"))
        kept = CONTAINED_FIELDS.get(kind)
        fields = {k: v for k, v in resource.items() if kept is None or k in kept}
        cleaned = copy.fields(fields, pointer, without=("id", "resourceType"))
        self._note_lost(kind, fields, cleaned)
        return {**cleaned, "resourceType": kind, "id": local_id}

    def _note_lost(self, kind: str, source: Json, document: Json) -> None:
        """Note a required element of a resource that is not there any more."""
        if (path := lost(kind, source, document)) is not None:
            self.lost.add(path)

    def carries_number(self, value: Any) -> bool:
        """Whether a text or a number holds the patient's NHS number."""
        return isinstance(value, str | int | float | Written) and self._patient.is_named_in(
            str(value)
        )

    def reference(self, holder: Resource, node: Node) -> Json:
        """Return a reference as it may stand in a body, with its words where they tell of nobody and nothing hidden."""
        value: Json = node.value
        if whose(self._bundle, holder, value, self._patient) is Whose.OWN:
            return {"reference": OWN_PATIENT}
        target = self._target(text(value, "reference") or "")
        kept = {"reference": target} if target else {}
        if self._has_words(holder, node):
            kept |= {
                key: value[key]
                for key in ("display", "type")
                if isinstance(value.get(key), str) and not self.carries_number(value[key])
            }
        return kept

    def _has_words(self, holder: Resource, node: Node) -> bool:
        """SAFETY: words about an entry go where the entry goes; of one that is not here nobody knows where that is."""
        if is_person(self._bundle, holder, node.value):
            return False
        kind = target_type(self._bundle, holder, node.value)
        if not kind:
            targets = node.field.definition.targets if node.field else ()
            return bool(targets) and THINGS.issuperset(targets)
        if kind in THINGS:
            return True
        reference = text(node.value, "reference") or ""
        return reference.startswith("#") or self._bundle.key_of(reference) in self._bundle.by_key

    def _target(self, reference: str) -> str | None:
        if reference.strip().startswith("#"):
            own = self._own.get(reference.strip()[1:])
            return f"#{own}" if own else None
        key = self._bundle.key_of(reference)
        if key is None or self.carries_number(key):
            return None
        kind = key.partition("/")[0]
        if kind in PEOPLE:
            return OWN_PATIENT if key == self._patient.key else None
        if kind in CONTAINED_FIELDS:
            return self._contain(key)
        return key if is_entry(kind) else None

    def content(self, attachment: Json) -> Json:
        """Return what the Binary says whose address an attachment has, in the place of the address."""
        url = text(attachment, "url") or ""
        key = self._bundle.key_of(url)
        resource = self._bundle.by_key.get(key or "")
        if resource is None or resource.type != CONTENT or resource.method not in STORED:
            return {}
        stated = content_of(resource.json)
        size = len(stated.get("data", ""))
        if not size or size > self._room or "data" in attachment or self._bundle.is_elsewhere(url):
            return {}
        self._room -= size
        self.local_ids.setdefault(resource.key, "")
        del attachment["url"]
        return stated

    def _contain(self, key: str) -> str | None:
        resource = self._bundle.by_key.get(key)
        if resource is None or is_spared(resource.json):
            return None
        if key not in self.local_ids:
            self.local_ids[key] = self._local_id(resource.type)
            position = len(self._inside)
            self._inside.append({})
            copy = _Copy(self, resource)
            self._inside[position] = self._contained(copy, resource.json, self.local_ids[key], ())
        return f"#{self.local_ids[key]}"

    def _local_id(self, kind: str) -> str:
        """Name it by its place here, not by the source's id: a new id for the same drug must not make a new version."""
        place = 1 + sum(other.startswith(f"{kind}/") for other in self.local_ids)
        return f"{kind.lower()}-{place}"


class _Copy:
    """Copies one resource of the Bundle, without what is left out of it."""

    def __init__(self, writer: _Writer, resource: Resource) -> None:
        self._writer = writer
        self._resource = resource
        self._nodes = {node.pointer: node for node in resource.nodes}

    def fields(self, source: Json, pointer: Pointer, without: tuple[str, ...] = ()) -> Json:
        """Return the fields of an object that a patient gets; those that are empty then go, too."""
        cleaned = {
            key: self._clean(source[key], (*pointer, key))
            for key in sorted(source)
            if key not in without and not self._writer.carries_number(key)
        }
        return _pruned(cleaned)

    def _clean(self, value: Any, pointer: Pointer) -> Any:
        """Return what a patient gets of a value. SAFETY: what was not read as a node nobody knows; it is left out."""
        if isinstance(value, list):
            return [self._clean(part, (*pointer, place)) for place, part in enumerate(value)]
        node = self._nodes.get(pointer)
        if node is None or is_left_out(node):
            return None
        if isinstance(value, dict):
            return self._object(value, node)
        if self._writer.carries_number(value):
            self._writer.left_out.add(node.path)
            return None
        return value

    def _object(self, value: Json, node: Node) -> Json | None:
        if node.type == "Reference":
            return self._writer.reference(self._resource, node)
        fields = self.fields(value, node.pointer)
        if node.field is None or lost(holder_of(node.field), value, fields):
            return None
        if node.type == "Attachment":
            return fields | self._writer.content(fields)
        if node.type != "Resource":
            return fields
        return {"resourceType": value["resourceType"], **fields} if _is_kept(value) else None


def _is_kept(part: Json) -> bool:
    kind = text(part, "resourceType") or ""
    return is_known(kind) and kind not in PEOPLE and bool(text(part, "id")) and not is_spared(part)


def _pruned(fields: Json) -> Json:
    """Drop what is empty. Primitives, and what they have besides their values, stand in two lists by place."""
    kept = {}
    for key, value in fields.items():
        if isinstance(value, list):
            beside = fields.get(key[1:] if key.startswith("_") else f"_{key}")
            pairs = zip_longest(value, beside if isinstance(beside, list) else ())
            places = [own for own, other in pairs if not (_is_empty(own) and _is_empty(other))]
            kept[key] = [None if _is_empty(own) else own for own in places]
        else:
            kept[key] = value
    return {key: value for key, value in kept.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_empty, value))
    return value is None or value == {}


def _is_warning(note: Any) -> bool:
    written = [str(part.get("text", "")).lower() for part in nodes(note)]
    return any(line.startswith(_WARNING_NOTES) for line in written)
