"""What a resource says, wherever in it: its codes, and whether something in it may turn its meaning round."""

from collections.abc import Iterable, Iterator

from recordgate_producers.fhir.labels import can_be_written
from recordgate_producers.fhir.reading import UNKNOWN_RESOURCE, Node
from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.tree import Code, Json

MODIFIERS = ("modifierExtension", "implicitRules")
"""Elements that may change the meaning of everything around them. Recordgate knows none, so each holds."""


def codes_of(nodes: Iterable[Node]) -> frozenset[Code]:
    """Return every coding, in whatever element: reasons, categories, answers, extensions, contained resources.

    A coding without a system counts, and spaces around a code do not. Labels are read apart (`labels`).
    """
    return frozenset(
        code for node in nodes if node.role is not Role.LABEL and (code := _code(node)).code
    )


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
