"""The droppable parts of a body, as JSON pointers (RFC 6901): free text, attachments, pointers to other entries."""

from collections.abc import Callable, Iterator
from typing import Any

from recordgate_producers.fhir.body import OWN_PATIENT
from recordgate_producers.fhir.tree import Json, references, texts
from recordgate_schemas.entry import Element, ElementKind
from recordgate_schemas.values import EntryId

FREE_TEXT_FIELDS = frozenset({"comment", "conclusion", "description", "note", "patientInstruction"})
"""Fields that hold what somebody typed, at any depth; `_comment` beside `comment` may repeat it."""

TYPED_LINES = frozenset({"dosage", "dosageInstruction", "item", "answer", "activity", "reaction"})
"""Parts whose `text` (or `valueString`) is typed; elsewhere `text` is the wording of a code."""

EXTENSION_TEXT = ("valueString", "valueMarkdown", "valueAnnotation")
ATTACHMENTS = frozenset({"attachment", "presentedForm", "valueAttachment"})

Path = tuple[str | int, ...]


def elements(body: Json, entry_id: Callable[[str], EntryId | None]) -> tuple[Element, ...]:
    """Return what redaction may drop from a body; `entry_id` names the entry behind a `Type/id`."""
    found = [*_typed_and_attached(body), *_extensions(body), *_children(body, entry_id)]
    return tuple(dict.fromkeys(found))


def _typed_and_attached(body: Json) -> Iterator[Element]:
    if "text" in body:
        yield Element(ElementKind.FREE_TEXT, "/text")
    for path, key, value in _fields(body):
        if key.removeprefix("_") in FREE_TEXT_FIELDS or _is_typed_text(path, key.removeprefix("_")):
            yield from _each(ElementKind.FREE_TEXT, (*path, key), value)
        elif key in ATTACHMENTS:
            yield from _each(ElementKind.ATTACHMENT, (*path, key), value)


def _extensions(body: Json) -> Iterator[Element]:
    for index, extension in enumerate(_list(body.get("extension"))):
        if any(any(texts([extension], *where)) for where in _extension_texts()):
            yield Element(ElementKind.FREE_TEXT, f"/extension/{index}")


def _children(body: Json, entry_id: Callable[[str], EntryId | None]) -> Iterator[Element]:
    for reference in references(body):
        target = reference.target
        if not target.startswith("#") and target != OWN_PATIENT and (child := entry_id(target)):
            yield Element(ElementKind.CHILD, pointer(_removable_path(reference.pointer)), child)


def pointer(path: Path) -> str:
    """Return a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _removable_path(path: Path) -> Path:
    """Return what to drop so that no trace of a reference stays: its extension, list item or field.

    Of a contained resource only a part is dropped: references to it would otherwise point to nothing.
    """
    if path[0] in ("extension", "modifierExtension"):
        return path[:2]
    inside = 2 if path[0] == "contained" else 0
    places = (place for place, part in enumerate(path) if isinstance(part, int) and place >= inside)
    last = max(places, default=None)
    return path if last is None else path[: last + 1]


def _each(kind: ElementKind, path: Path, value: Any) -> Iterator[Element]:
    if isinstance(value, list):
        yield from (Element(kind, pointer((*path, index))) for index in range(len(value)))
    else:
        yield Element(kind, pointer(path))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_typed_text(path: Path, key: str) -> bool:
    if key not in ("text", "valueString"):
        return False
    names = [part for part in path if isinstance(part, str)]
    return bool(names) and names[-1] in TYPED_LINES


def _extension_texts() -> Iterator[tuple[str, ...]]:
    for field in EXTENSION_TEXT:
        for nesting in ((), ("extension",)):
            yield (*nesting, field, "text") if field == "valueAnnotation" else (*nesting, field)


def _fields(node: Any, path: Path = ()) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from _fields(part, (*path, index))
    elif isinstance(node, dict):
        for key in sorted(node):
            yield path, key, node[key]
            yield from _fields(node[key], (*path, key))
