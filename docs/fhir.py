"""The table of FHIR elements as rows of text, for its page."""
# ruff: noqa: INP001  beside the pages it writes

from collections.abc import Iterator

from recordgate_producers.fhir.definitions import table

HEAD = ("element", "role", "types", "may change other meanings", "in")
OPENING = (
    "Each element of each type of resource that Recordgate reads, from HL7's definitions of STU3 and R4. What a role is"
    " and what becomes of it, says [what is read in a record](../what-is-read-in-a-record.md). An element that is not"
    " listed is not understood: it is left out, and holds the entry."
)


def rows() -> Iterator[tuple[str, ...]]:
    """Yield a row an element."""
    for path, one in sorted(table().items()):
        if "." in path:
            versions = " and ".join(name.upper() for name in reversed(one.versions))
            changes = "yes" if one.modifier else ""
            yield f"`{path}`", one.role.value, ", ".join(one.types), changes, versions
