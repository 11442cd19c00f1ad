"""Section 5: what a suppressed entry does to its relatives, for one audience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recordgate_audit.model.facts import Facts
from recordgate_audit.model.history import Entries
from recordgate_audit.model.question import HELD, WITHHELD, Asked

LINKED = Asked("LINKED", HELD)
_MEMBER = ("part_of", "result_of", "listed_in")
_SUPPRESSING_CAUSES = {
    "nopat": "SOURCE_NOPAT",
    "do_not_display": "SOURCE_HIDE",
    "wrong_patient": "WRONG_PATIENT",
}


@dataclass(frozen=True, slots=True)
class SuppressedEntry:
    """A suppressed entry, and the reason it gives to what it takes."""

    entry_id: str
    gives: Asked


Surviving = Mapping[str, Sequence[Asked]]
"""By entry id the reasons of sections 3 and 4."""


def shared_reasons(entries: Entries, surviving: Surviving, facts: Facts) -> dict[str, set[Asked]]:
    """Return by entry id the reasons that relatives give."""
    shared: dict[str, set[Asked]] = {entry_id: set() for entry_id in entries}
    sources = _suppressed_entries(entries, surviving, facts)
    suppressed = {source.entry_id for source in sources}
    for source in sources:
        for taken in _taken(source.entry_id, entries):
            shared[taken].add(source.gives)
            suppressed.add(taken)
    revealing = _revealing(suppressed, entries) | _related(entries, facts)
    for entry_id in revealing - suppressed:
        if entry_id in shared:
            shared[entry_id].add(LINKED)
    return shared


def _suppressed_entries(
    entries: Entries, surviving: Surviving, facts: Facts
) -> list[SuppressedEntry]:
    arrived = [
        SuppressedEntry(entry_id, _gives(suppressing))
        for entry_id, found in surviving.items()
        if (suppressing := [asked for asked in found if asked.suppresses])
    ]
    awaited = [
        SuppressedEntry(entry_id, _gives(_causes(facts, entry_id)))
        for entry_id in {entry_id for entry_id, _ in facts.hidden}
        if entry_id not in entries and _causes(facts, entry_id)
    ]
    return arrived + awaited


def _causes(facts: Facts, entry_id: str) -> list[Asked]:
    return [
        Asked(reason, WITHHELD, suppresses=True)
        for cause, reason in _SUPPRESSING_CAUSES.items()
        if facts.is_hidden(entry_id, cause)
    ]


def _gives(suppressing: Sequence[Asked]) -> Asked:
    """The first reason that withholds, in the order of section 3; else LINKED."""
    for asked in suppressing:
        if asked.outcome == WITHHELD:
            return Asked(asked.reason, WITHHELD)
    return LINKED


def _taken(root_id: str, entries: Entries) -> set[str]:
    """What a source takes: those that name it, those that name these, and so on; never itself."""
    taken: set[str] = set()
    named = {root_id}
    while named:
        named = {
            entry.entry_id
            for entry in entries.values()
            for link in entry.links
            if link.entry_id in named and link.relation in (*_MEMBER, "for_medication")
        } - taken
        taken |= named
    return taken - {root_id}


def _revealing(suppressed: set[str], entries: Entries) -> set[str]:
    revealing = set()
    for entry in entries.values():
        for link in entry.links:
            if link.relation == "about_problem" and link.entry_id in suppressed:
                revealing.add(entry.entry_id)
            if entry.entry_id in suppressed and _reveals(link.relation, link.entry_id, entries):
                revealing.add(link.entry_id)
    return revealing


def _reveals(relation: str, named: str, entries: Entries) -> bool:
    """Whether what a suppressed entry names in this relation gives it away."""
    if relation in {"result_of", "for_medication"}:
        return True
    return (
        relation in {"part_of", "listed_in"}
        and named in entries
        and any(element.kind == "free_text" for element in entries[named].elements)
    )


def _related(entries: Entries, facts: Facts) -> set[str]:
    """What hides in force name as related without a link that would say how."""
    return {
        related
        for (hidden_id, _), named in facts.hidden.items()
        for related in named
        if related != hidden_id and not _linked(hidden_id, related, entries)
    }


def _linked(one: str, other: str, entries: Entries) -> bool:
    """Whether a link in either direction says how they are related; one of an entry in conflict does not."""
    return _names(one, other, entries) or _names(other, one, entries)


def _names(carrier: str, named: str, entries: Entries) -> bool:
    entry = entries.get(carrier)
    if entry is None or entry.conflict:
        return False
    return any(link.entry_id == named for link in entry.links)
