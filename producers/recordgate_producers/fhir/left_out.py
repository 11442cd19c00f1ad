"""What of a resource a patient does not get: one rule a role, and the few elements that go by their names.

Left out are identifiers, labels, narratives, people, what FHIR does not define, and everything by which a patient could
tell that something is hidden. Sources: docs/reference/fhir-elements.md lists every element with its role.
"""

from recordgate_producers.fhir.labels import INLINE_LABEL
from recordgate_producers.fhir.reading import Node
from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.tree import Json, codes, texts
from recordgate_producers.fhir.types import STAFF

ROLES = frozenset({Role.IDENTIFIER, Role.LABEL, Role.NARRATIVE})
"""A narrative repeats the resource in words that no rule has read, whatever was dropped of it."""

ELEMENTS = frozenset({"Element.id", "List.emptyReason", "Resource.language", "Resource.meta"})
NAMED = frozenset({"Annotation.author[x]"})
"""Elements whose words name somebody of whom nobody knows who it is."""

ABSENT = ("dataAbsentReason", "data-absent-reason")
MASKED = "masked"
"""The reason for a missing value that says: it is hidden. A patient must not tell hidden from absent."""

EXTENSIONS = ("listwarningcode", INLINE_LABEL)
DEFINED = (
    "https://fhir.nhs.uk/",
    "https://fhir.hl7.org.uk/",
    "http://fhir.hl7.org.uk/",
    "http://hl7.org/fhir/",
)
"""Where extensions are published that the NHS and HL7 define; others add what nobody here can read."""


def is_left_out(node: Node) -> bool:
    """Whether a patient does not get this node."""
    if node.field is None or node.role in ROLES or node.path in ELEMENTS:
        return True
    if node.path in NAMED and isinstance(node.value, str):
        return True
    if node.role is Role.PERSON:
        return node.within not in STAFF
    if node.type == "Extension":
        return _is_extension_left_out(node)
    return node.path.endswith(ABSENT) and _is_masked(node.value)


def _is_extension_left_out(node: Node) -> bool:
    extension: Json = node.value
    url = str(extension.get("url", "")).strip()
    if any(part in url.lower() for part in EXTENSIONS) or _is_masked_extension(url, extension):
        return True
    nested = [part for part in node.pointer if part in ("extension", "modifierExtension")]
    if node.path.endswith("modifierExtension") or len(nested) > 1:
        return False  # what is left of a modifier must not lose it; a part goes with its whole
    return not url.startswith(DEFINED)


def _is_masked_extension(url: str, extension: Json) -> bool:
    return url.endswith(ABSENT) and MASKED in {*texts(extension, "valueCode")}


def _is_masked(value: object) -> bool:
    return any(code.code.strip().lower() == MASKED for code in codes(value))
