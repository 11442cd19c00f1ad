"""What is read of one entry to see how it is related to others: what it states itself, by links and by references."""

from dataclasses import dataclass

from recordgate_schemas.entry import (
    ClinicalEntry,
    ElementKind,
    Kind,
    Readiness,
    Relation,
    SourceVersion,
)
from recordgate_schemas.values import EntryId
from recordgate_streams.policy.statements import source_version


@dataclass(frozen=True, slots=True)
class Relative:
    """What is read of an entry to see how it is related, and what that means for its relatives.

    `names`: entries that its body refers to, without a link of its own that says how they are related.
    """

    entry_id: EntryId
    kind: Kind
    readiness: Readiness
    links: tuple[tuple[Relation, EntryId], ...]
    names: tuple[EntryId, ...]
    has_text: bool
    conflict: bool
    version: SourceVersion


def relative_of(entry: ClinicalEntry, *, conflict: bool) -> Relative:
    """Return what is read of an entry."""
    return Relative(
        entry.entry_id,
        entry.kind,
        entry.readiness,
        tuple((link.relation, link.entry_id) for link in entry.links),
        names(entry),
        has_text(entry),
        conflict,
        source_version(entry),
    )


def has_text(entry: ClinicalEntry) -> bool:
    """Return whether the entry has words or a title of its own, which may reveal a member."""
    return any(element.kind in _TELLING for element in entry.elements)


_TELLING = frozenset({ElementKind.FREE_TEXT, ElementKind.TITLE})


def names(entry: ClinicalEntry) -> tuple[EntryId, ...]:
    """Return the entries that an entry refers to, in order, but for those whose relation a link of its own states."""
    if not entry.links and not entry.elements:
        return ()
    referred = {e.entry_id for e in entry.elements if e.entry_id is not None}
    referred |= {li.entry_id for li in entry.links if li.relation is Relation.REFERS_TO}
    stated = {li.entry_id for li in entry.links if li.relation is not Relation.REFERS_TO}
    return tuple(sorted(referred - stated - {entry.entry_id}))
