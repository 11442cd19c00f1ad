"""Security labels of one resource, from every place that can carry a label.

Read: `meta.security`, `securityLabel` (DocumentReference), DS4P inline labels on any field, each at any depth; and any
coding NOPAT anywhere, whatever its system. SAFETY: a label that cannot be read becomes one nobody knows, which holds.
"""

from collections.abc import Iterator
from typing import Any

from recordgate_producers.fhir.tree import Code, Json, codes, nodes, objects
from recordgate_schemas.bounds import TEXT_BYTES
from recordgate_schemas.entry import Coding

NOPAT = "NOPAT"
UNREADABLE = Coding("", "unreadable")
"""The label of what carries a label nobody can read; being on no list, it holds."""

INLINE_LABEL = "inline-sec-label"


def labels_of(resource: Json) -> frozenset[Coding]:
    """Return every label on a resource or inside it."""
    found: set[Coding] = set()
    for part in objects(resource):
        found.update(_labels(part.get("securityLabel")))
        found.update(meta_labels(part))
        if INLINE_LABEL in str(part.get("url", "")).lower():
            found.update(_labels([part[key] for key in part if key.startswith("value")]))
        if _is_nopat(part.get("code")):
            found.add(_coding(Code(str(part.get("system") or ""), NOPAT)))
    return frozenset(found)


def meta_labels(resource: Json) -> frozenset[Coding]:
    """Return the labels in a resource's own `meta.security`."""
    return frozenset(
        label for meta in nodes(resource.get("meta")) for label in _labels(meta.get("security"))
    )


def is_nopat(label: Coding) -> bool:
    """Whether a label means "not for the patient"."""
    return label.code == NOPAT


def _labels(value: Any) -> Iterator[Coding]:
    if value is None or value == []:
        return
    for part in value if isinstance(value, list) else [value]:
        readable = [code for code in codes(part) if code.code]
        yield from map(_coding, readable) if readable else [UNREADABLE]


def _coding(code: Code) -> Coding:
    system = code.system if _can_be_written(code.system) else UNREADABLE.system
    if _is_nopat(code.code):
        return Coding(system, NOPAT)
    return Coding(system, code.code) if _can_be_written(code.code) else UNREADABLE


def _can_be_written(text: str) -> bool:
    return "\0" not in text and len(text.encode("utf-8")) <= TEXT_BYTES


def _is_nopat(code: Any) -> bool:
    return isinstance(code, str) and code.strip().upper() == NOPAT
