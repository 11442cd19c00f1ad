"""Drops whole elements from a FHIR body, never words. The result is parsed again and must not contain them."""

from collections.abc import Iterable
from typing import Any

import orjson

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.errors import FatalError


def redact(entry: ClinicalEntry, body: bytes, drop: frozenset[ElementKind]) -> bytes:
    """Return the body without the elements of the given kinds; the body itself when there is nothing to drop."""
    pointers = [element.pointer for element in entry.elements if element.kind in drop]
    if not pointers:
        return body
    resource = orjson.loads(body)
    for pointer in _deepest_last_first(pointers):
        _remove(resource, _steps(pointer))
    return orjson.dumps(_pruned(resource), option=orjson.OPT_SORT_KEYS)


def _deepest_last_first(pointers: Iterable[str]) -> list[str]:
    """Order pointers so that removing one never shifts another: later list items first."""
    return sorted(
        set(pointers),
        key=lambda p: [(s.zfill(9) if s.isdigit() else s) for s in _steps(p)],
        reverse=True,
    )


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _remove(node: Any, steps: list[str]) -> None:
    """Remove what a pointer names. SAFETY: a pointer that names nothing would leave text in place, so it is fatal."""
    try:
        for step in steps[:-1]:
            node = node[int(step)] if isinstance(node, list) else node[step]
        del node[int(steps[-1]) if isinstance(node, list) else steps[-1]]
    except (KeyError, IndexError, ValueError, TypeError):
        raise FatalError("redaction: an element's pointer names nothing in the body") from None


def _pruned(node: Any) -> Any:
    """Return the resource without the empty objects and lists that removals left behind."""
    if isinstance(node, dict):
        kept = {key: _pruned(value) for key, value in node.items()}
        return {key: value for key, value in kept.items() if value not in ({}, [])}
    if isinstance(node, list):
        return [item for item in map(_pruned, node) if item not in ({}, [])]
    return node
