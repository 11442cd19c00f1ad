"""Safe steps through JSON of unknown shape: what is not there, or is of another type, is passed over."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from simplejson import RawJSON

Json = dict[str, Any]


class Written(RawJSON):
    """A decimal number, kept as it is written: in FHIR its digits say how precise a value is (5.40 is not 5.4)."""

    encoded_json: str

    def __eq__(self, other: object) -> bool:
        """Equal only if written alike."""
        return isinstance(other, Written) and self.encoded_json == other.encoded_json

    def __hash__(self) -> int:
        """As equality says."""
        return hash(self.encoded_json)

    def __str__(self) -> str:
        """Return the digits."""
        return self.encoded_json


class Code(NamedTuple):
    """A coding's system and code; an absent one is empty."""

    system: str
    code: str


class Reference(NamedTuple):
    """A literal reference found in a resource: what it names, and where it was found."""

    target: str
    trail: str
    pointer: tuple[str | int, ...]


def values(node: Any, *path: str) -> Iterator[Any]:
    """Yield the values at the end of `path`, through lists at every step."""
    if isinstance(node, list):
        for part in node:
            yield from values(part, *path)
    elif not path:
        yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from values(node[path[0]], *path[1:])


def nodes(node: Any, *path: str) -> Iterator[Json]:
    """Yield the objects at the end of `path`."""
    return (found for found in values(node, *path) if isinstance(found, dict))


def texts(node: Any, *path: str) -> Iterator[str]:
    """Yield the non-blank texts at the end of `path`."""
    return (
        found for found in values(node, *path) if isinstance(found, str) and found.strip() != ""
    )


def text(node: Any, *path: str) -> str | None:
    """Return the first non-blank text at the end of `path`."""
    return next(texts(node, *path), None)


def content_of(binary: Json) -> Json:
    """Return what a Binary says as an attachment has it: `content` in STU3, `data` in R4."""
    stated = {
        "contentType": text(binary, "contentType"),
        "data": text(binary, "data") or text(binary, "content"),
    }
    return {key: value for key, value in stated.items() if value}


def codes(node: Any, *path: str) -> Iterator[Code]:
    """Yield the codings at the end of `path`, whether it ends in codings, concepts or plain codes."""
    for found in values(node, *path):
        if isinstance(found, str):
            yield Code("", found)
        elif isinstance(found, dict):
            yield from (_code(part) for part in nodes(found, "coding"))
            if "code" in found:
                yield _code(found)


def _code(coding: Json) -> Code:
    system, code = coding.get("system"), coding.get("code")
    return Code(system if isinstance(system, str) else "", code if isinstance(code, str) else "")


def objects(node: Any) -> Iterator[Json]:
    """Yield every object in a tree, outermost first."""
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from objects(part)
    elif isinstance(node, list):
        for part in node:
            yield from objects(part)


def references(
    node: Any, trail: str = "", pointer: tuple[str | int, ...] = ()
) -> Iterator[Reference]:
    """Yield every literal reference in a tree.

    The trail is the dotted path without indexes; parts whose meaning hangs on a type carry it, as in
    `related:has-member.target` and `extension:<last part of its url>.valueReference`.
    """
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from references(part, trail + _qualifier(part, trail), (*pointer, index))
    elif isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str):
            yield Reference(reference.strip(), trail, pointer)
        for key in sorted(node):
            yield from references(node[key], f"{trail}.{key}" if trail else key, (*pointer, key))


def _qualifier(part: Any, trail: str) -> str:
    if trail.endswith("related"):
        return f":{text(part, 'type') or ''}"
    if trail.endswith("relatesTo"):
        return f":{text(part, 'code') or ''}"
    if trail.endswith(("extension", "modifierExtension")):
        return f":{(text(part, 'url') or '').rpartition('/')[2]}"
    return ""
