"""References in a body to entries that an audience is not shown: dropped whole, as if they had never been there."""

from collections.abc import Container

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.values import EntryId


def unseen(entry: ClinicalEntry, shown: Container[EntryId | None]) -> tuple[str, ...]:
    """Return the JSON pointers of references to entries not in `shown`, which holds what the audience may see."""
    return tuple(
        element.pointer
        for element in entry.elements
        if element.entry_id is not None
        and element.entry_id != entry.entry_id
        and element.entry_id not in shown
    )
