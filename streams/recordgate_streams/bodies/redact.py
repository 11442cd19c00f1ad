"""Drops whole elements from a FHIR body, never words. The result is parsed again and must not contain them.

What is contained in a body goes with the last reference to it.
"""

import re
from collections.abc import Iterable
from typing import Any

import simplejson
from simplejson import RawJSON

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.errors import FatalError

_INDEX = re.compile(r"0|[1-9][0-9]*")


def redact(
    entry: ClinicalEntry, body: bytes, drop: frozenset[ElementKind], references: Iterable[str] = ()
) -> bytes:
    """Return the body without the elements of the given kinds, and without the references at these JSON pointers.

    The body itself when there is nothing to drop.

    Numbers stay as they are written (5.40 stays 5.40): in FHIR their digits say how precise a value is. Objects and
    lists that a removal left empty go too; those that were empty before stay.
    """
    pointers = [element.pointer for element in entry.elements if element.kind in drop]
    pointers += references
    if not pointers:
        return body
    resource, emptied, named = _removed(body, pointers)
    resource = _without_orphans(_pruned(resource, emptied), named)
    text = simplejson.dumps(resource, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def is_redactable(entry: ClinicalEntry) -> bool:
    """True when every element can be dropped; asked when an entry arrives, so that no later step finds out."""
    try:
        _removed(entry.body, [element.pointer for element in entry.elements])
    except FatalError:
        return False
    return True


def _removed(body: bytes, pointers: list[str]) -> tuple[Any, set[int], frozenset[str]]:
    """Return the resource without what pointers name, the identities of what held it, and what was named before."""
    if not pointers:
        return None, set(), frozenset()
    try:
        resource = simplejson.loads(body.decode("utf-8"), parse_float=RawJSON, parse_int=RawJSON)
        named = _named(resource) if _contained(resource) else frozenset[str]()
        emptied: set[int] = set()
        for pointer in _deepest_last_first(pointers):
            emptied.add(_remove(resource, _steps(pointer)))
    except (ValueError, RecursionError) as error:
        raise FatalError(f"redaction: the body is not JSON ({type(error).__name__})") from None
    return resource, emptied, named


def _without_orphans(resource: Any, named: frozenset[str]) -> Any:
    """Return the resource without what is contained in it and was named by nothing but what was dropped."""
    parts = _contained(resource)
    if not parts:
        return resource
    around = {key: value for key, value in resource.items() if key != "contained"}
    kept: list[Any] = []
    found = [around, *(one for one in parts if _reference_to(one) not in named)]
    while found:
        kept += found
        still = frozenset().union(*map(_named, found))
        found = [one for one in parts if _reference_to(one) in still and one not in kept]
    inside = [one for one in parts if one in kept]
    return around | ({"contained": inside} if inside else {})


def _contained(resource: Any) -> list[Any]:
    parts = resource.get("contained") if isinstance(resource, dict) else None
    return parts if isinstance(parts, list) else []


def _reference_to(part: Any) -> str:
    return f"#{part.get('id')}" if isinstance(part, dict) else ""


def _named(node: Any) -> frozenset[str]:
    """Return the references to contained resources in a tree."""
    if isinstance(node, list):
        return frozenset().union(*map(_named, node))
    if not isinstance(node, dict):
        return frozenset()
    own = node.get("reference")
    found = frozenset().union(*map(_named, node.values()))
    return found | {own} if isinstance(own, str) and own.startswith("#") else found


def _deepest_last_first(pointers: Iterable[str]) -> list[str]:
    """Order pointers so that removing one never shifts another: later list items first."""
    return sorted(
        set(pointers),
        key=lambda p: [(s.zfill(9) if s.isdigit() else s) for s in _steps(p)],
        reverse=True,
    )


def _steps(pointer: str) -> list[str]:
    root, *steps = pointer.split("/")
    if root or not steps:
        raise FatalError("redaction: an element's pointer does not begin with a slash")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _remove(node: Any, steps: list[str]) -> int:
    """Remove what a pointer names and return the identity of what held it.

    SAFETY: a pointer that names nothing would leave text in place, so it is fatal.
    """
    try:
        for step in steps[:-1]:
            node = node[_key(node, step)]
        del node[_key(node, steps[-1])]
        return id(node)
    except (KeyError, IndexError, TypeError):
        raise FatalError("redaction: an element's pointer names nothing in the body") from None


def _key(node: Any, step: str) -> str | int:
    if not isinstance(node, list):
        return step
    if not _INDEX.fullmatch(step):
        raise KeyError(step)
    return int(step)


def _pruned(node: Any, emptied: set[int]) -> Any:
    """Return the resource without the empty objects and lists that removals left behind; the resource itself stays."""
    if isinstance(node, dict):
        return {
            key: kept
            for key, value in node.items()
            if (kept := _pruned(value, emptied)) or not _was_emptied(kept, value, emptied)
        }
    if isinstance(node, list):
        return [
            kept
            for value in node
            if (kept := _pruned(value, emptied)) or not _was_emptied(kept, value, emptied)
        ]
    return node


def _was_emptied(kept: Any, value: Any, emptied: set[int]) -> bool:
    """True for an object or list that holds nothing any more, and held something before."""
    return isinstance(kept, dict | list) and (bool(value) or id(value) in emptied)
