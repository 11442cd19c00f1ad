"""Security labels of one resource, from every place that can carry a label.

Read: `meta.security`, `securityLabel` (DocumentReference), `confidentiality` (Composition), DS4P inline labels on any
field, each at any depth, also where a Meta is the value of an extension; tags and extensions with a code of HL7's
security systems; and NOPAT anywhere as a whole value, whatever its system. SAFETY: a label that cannot be read becomes
one nobody knows, which holds.
"""

import re
from collections.abc import Iterator
from typing import Any

from recordgate_producers.fhir.spelling import plain
from recordgate_producers.fhir.tree import Code, Json, codes, nodes, objects, text, values
from recordgate_producers.fhir.types import SPARED
from recordgate_schemas.bounds import TEXT_BYTES
from recordgate_schemas.entry import Coding

NOPAT = "NOPAT"
UNREADABLE = Coding("", "unreadable")
"""The label of what carries a label nobody can read; being on no list, it holds."""

SECURITY_SYSTEMS = (
    *("/v3/Confidentiality", "/v3-Confidentiality", "/v3/ActCode", "/v3-ActCode"),
    *("2.16.840.1.113883.5.25", "2.16.840.1.113883.5.4", "2.16.840.1.113883.4.642.3.47"),
)
"""How the systems of HL7's security labels end, in STU3 and R4, and as object identifiers."""

LABELS = ("security", "securityLabel", "confidentiality")
"""Elements that hold labels: of a Meta, of documents and of Compositions."""

INLINE_LABEL = "inline-sec-label"
HAS_INLINE_LABELS = "PROCESSINLINELABEL"
"""DS4P's label of a resource with labels on single fields. It restricts nothing itself."""


def labels_of(resource: Json) -> frozenset[Coding]:
    """Return every label on a resource or inside it."""
    found: set[Coding] = set()
    for part in objects(without_spared(resource)):
        for name in LABELS:
            found.update(_labels(part.get(name)))
        found.update(_security_codes(part))
        if _is_inline(part):
            found.update(_labels([part[key] for key in part if key.startswith("value")]))
        if any(_is_nopat(value) for name in part for value in values(part[name])):
            found.add(_coding(Code(str(part.get("system") or ""), NOPAT)))
    if _has_lost_labels(resource):
        found.add(UNREADABLE)
    return frozenset(found)


def _has_lost_labels(resource: Json) -> bool:
    """Whether a resource is labelled to have labels on single fields, and none has come with it."""
    marked = any(label.code == HAS_INLINE_LABELS for label in meta_labels(resource))
    return marked and not any(_is_inline(part) for part in objects(resource))


def _is_inline(part: Json) -> bool:
    return INLINE_LABEL in str(part.get("url", "")).lower()


def without_spared(resource: Json) -> Json:
    """Return a resource without those contained in it whose labels hide nothing but themselves."""
    parts = resource.get("contained")
    if not isinstance(parts, list):
        return resource
    kept = [part for part in parts if not is_spared(part)]
    return resource if len(kept) == len(parts) else {**resource, "contained": kept}


def is_spared(part: object) -> bool:
    """Whether a contained resource is labelled, and what contains it can be shown without it."""
    return isinstance(part, dict) and text(part, "resourceType") in SPARED and bool(labels_of(part))


def meta_labels(resource: Json) -> frozenset[Coding]:
    """Return the labels in a resource's own `meta.security`."""
    return frozenset(
        label for meta in nodes(resource.get("meta")) for label in _labels(meta.get("security"))
    )


def is_nopat(label: Coding) -> bool:
    """Whether a label means "not for the patient"."""
    return label.code == NOPAT


def _security_codes(part: Json) -> Iterator[Coding]:
    """Yield the labels that a resource's tags, or the value of an extension, carry."""
    carriers = [*nodes(part, "tag")]
    if "url" in part:
        carriers += [one for key in part if key.startswith("value") for one in nodes(part[key])]
        carriers += [one for one in carriers for one in nodes(one, "coding")]
    for one in carriers:
        if _is_of_labels(str(one.get("system", ""))):
            yield from _labels(one)


def _is_of_labels(system: str) -> bool:
    """Whether a system is one of labels, in whatever version."""
    return system.strip().partition("|")[0].rstrip("/").endswith(SECURITY_SYSTEMS)


def _labels(value: Any) -> Iterator[Coding]:
    if value is None or value == []:
        return
    for part in value if isinstance(value, list) else [value]:
        readable = [code for code in codes(part) if code.code]
        yield from map(_coding, readable) if readable else [UNREADABLE]


def _coding(code: Code) -> Coding:
    system = code.system if can_be_written(code.system) else UNREADABLE.system
    if _is_nopat(code.code):
        return Coding(system, NOPAT)
    return Coding(system, code.code) if can_be_written(code.code) else UNREADABLE


def can_be_written(text: str) -> bool:
    """Whether a system or a code fits into an entry's envelope."""
    return "\0" not in text and len(text.encode("utf-8")) <= TEXT_BYTES


def _is_nopat(code: Any) -> bool:
    """Whether a value is NOPAT, in whatever characters, alone or after its system."""
    if not isinstance(code, str) or len(code) < len(NOPAT):
        return False
    return re.split(r"[|#/]", plain(code))[-1].strip().upper() == NOPAT
