"""The droppable parts of a body, as JSON pointers (RFC 6901): free text, attachments, pointers to other entries."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from recordgate_producers.fhir.body import OWN_PATIENT
from recordgate_producers.fhir.definitions import lost
from recordgate_producers.fhir.headings import is_generic, is_heading
from recordgate_producers.fhir.reading import Node, Pointer, holder_of, read_nodes
from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.tree import Json, references
from recordgate_schemas.entry import Element, ElementKind
from recordgate_schemas.values import EntryId

TITLES = frozenset(
    {"CarePlan.category", "Encounter.class", "Encounter.serviceType", "Encounter.type", "List.code"}
)
"""Codes that say what a container is about; what it is and where and when it was tells of no member."""

CONTAINERS = frozenset({"CarePlan", "Encounter", "List"})
CONCEPTS = frozenset({"CodeableConcept", "Coding"})
EXTENSIONS = ("extension", "modifierExtension")
_Found = tuple[ElementKind, Pointer, EntryId | None]


def elements(body: Json, entry_id: Callable[[str], EntryId | None]) -> tuple[Element, ...]:
    """Return what redaction may drop from a body; `entry_id` names the entry behind a `Type/id`.

    Free text is what the table of FHIR elements calls so, wherever it stands, but for the headings of lists. A title is
    a code that says what a container is about.
    How a medicine is to be taken, and what was asked, belong to what they explain: they stay with it.
    """
    nodes = [node for node in read_nodes(body) if not node.path.startswith("Resource.")]
    parts = {node.pointer: node for node in nodes}
    found = [
        *_entire(ElementKind.FREE_TEXT, filter(_is_free_text, nodes)),
        *_entire(ElementKind.TITLE, filter(_is_title, nodes)),
        *_entire(ElementKind.ATTACHMENT, (n for n in nodes if n.type == "Attachment")),
        *_children(body, entry_id),
    ]
    return tuple(
        Element(kind, pointer(_droppable(path, parts)), named)
        for kind, path, named in dict.fromkeys(found)
    )


def _is_free_text(node: Node) -> bool:
    return node.role is Role.FREE_TEXT and not (
        node.path == "List.title" and is_heading(node.value)
    )


def _is_title(node: Node) -> bool:
    """Whether a code of a container, or one in its extensions, says more than what sort of container it is."""
    own = node.path in TITLES
    added = node.within in CONTAINERS and node.pointer[0] == "extension" and node.type in CONCEPTS
    return (own or added) and not is_generic(node.value)


def _entire(kind: ElementKind, nodes: Iterable[Node]) -> Iterator[_Found]:
    """Yield each part once, as a whole: what is inside one goes with it, and an extension goes with its value."""
    last: Pointer | None = None
    for node in nodes:
        path = _extension_of(node.pointer)
        if last is None or path[: len(last)] != last:
            yield kind, path, None
            last = path


def _extension_of(path: Pointer) -> Pointer:
    place = next((n for n, part in enumerate(path) if part in EXTENSIONS), None)
    return path if place is None or _is_of_primitive(path, place) else path[: place + 2]


def _is_of_primitive(path: Pointer, place: int) -> bool:
    return place > 0 and str(path[place - 1]).startswith("_")


def _children(body: Json, entry_id: Callable[[str], EntryId | None]) -> Iterator[_Found]:
    for reference in references(body):
        target = reference.target
        if not target.startswith("#") and target != OWN_PATIENT and (child := entry_id(target)):
            yield ElementKind.CHILD, _removable_path(reference.pointer), child


def _droppable(path: Pointer, parts: Mapping[Pointer, Node]) -> Pointer:
    """Return what to drop with a part: whatever would lose by it what FHIR requires, but for a resource."""
    while (around := _around(path)) in parts and parts[around].type != "Resource":
        holder = parts[around]
        key = str(path[len(around)])
        several = isinstance(holder.value[key], list) and len(holder.value[key]) > 1
        left = holder.value.keys() - (set() if several else {key, f"_{key}"})
        if holder.field is None or not lost(holder_of(holder.field), holder.value, left):
            break
        path = around
    return path


def _around(path: Pointer) -> Pointer:
    """Return where the object is that has a part, in itself or in a list."""
    return path[:-2] if isinstance(path[-1], int) else path[:-1]


def pointer(path: Pointer) -> str:
    """Return a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _removable_path(path: Pointer) -> Pointer:
    """Return what to drop so that no trace of a reference stays: its extension, list item or field.

    Of a contained resource only a part is dropped: references to it would otherwise point to nothing.
    """
    if path[0] in EXTENSIONS:
        return path[:2]
    inside = 2 if path[0] == "contained" else 0
    places = (place for place, part in enumerate(path) if isinstance(part, int) and place >= inside)
    last = max(places, default=None)
    return path if last is None else path[: last + 1]
