"""What a resource says, wherever in it: its codes, and whether something in it may turn its meaning round."""

import re
from collections.abc import Iterable, Iterator

from recordgate_producers.fhir.labels import can_be_written
from recordgate_producers.fhir.reading import UNKNOWN_RESOURCE, Node
from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.spelling import plain
from recordgate_producers.fhir.tree import Code, Json

MODIFIERS = ("modifierExtension", "implicitRules")
"""Elements that may change the meaning of everything around them. Recordgate knows none, so each holds."""
_ID = re.compile(r"[0-9]{6,18}")
_SNOMED = re.compile(
    r"(?:https?://snomed\.info/(?:id|sct)/)?[0-9]{6,18}(?:\s*[|:+,(].*)?", re.DOTALL
)


def codes_of(nodes: Iterable[Node]) -> frozenset[Code]:
    """Return every coding, in whatever element: reasons, categories, answers, extensions, contained resources.

    A coding without a system counts, and spaces around a code do not. So does a SNOMED code that is written in another
    way: in other characters, as an address, in an expression, or as a whole text. Labels are read apart (`labels`).
    """
    read = [node for node in nodes if node.role is not Role.LABEL]
    found = {code for node in read if (code := _code(node)).code}
    known = {one.code for one in found}
    return frozenset(
        found | {Code("", one) for node in read for one in _ids(node) if one not in known}
    )


def _ids(node: Node) -> Iterator[str]:
    """Yield the SNOMED ids that a text consists of."""
    spelled = isinstance(node.value, str) and not node.path.startswith("Identifier.")
    if spelled and _SNOMED.fullmatch(written := plain(node.value).strip()):
        yield from _ID.findall(written)


def is_modified(nodes: Iterable[Node]) -> bool:
    """Whether anything in it may turn a meaning round: a modifier extension or implicit rules, at any depth."""
    return any(node.path.rpartition(".")[2].lstrip("_") in MODIFIERS for node in nodes)


def unknown_elements(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield where elements stand that FHIR does not define, the outermost of each.

    SAFETY: their names are the sender's words, so only the element around them is named.
    """
    above: tuple[str | int, ...] | None = None
    for node in nodes:
        if node.field is None and (above is None or node.pointer[: len(above)] != above):
            above = node.pointer
            if not node.path.startswith(UNKNOWN_RESOURCE):
                yield node.path.rpartition(".")[0]


def _code(node: Node) -> Code:
    value = node.value
    if isinstance(value, dict) and (node.type == "Coding" or node.field is None):
        return Code(_plain(value, "system"), _plain(value, "code"))
    return Code("", "")


def _plain(coding: Json, name: str) -> str:
    value = coding.get(name)
    return value.strip() if isinstance(value, str) and can_be_written(value) else ""
