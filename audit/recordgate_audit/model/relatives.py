"""Section 5: what a suppressed entry does to its relatives, for one audience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recordgate_audit.model.facts import Facts
from recordgate_audit.model.history import Entries, Entry
from recordgate_audit.model.kinship import (
    containers,
    followers,
    has_text,
    names,
    reports_over,
)
from recordgate_audit.model.question import HELD, WITHHELD, Asked

LINKED = Asked("LINKED", HELD)
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
        for taken in followers(source.entry_id, entries):
            suppressed.add(taken)
            if taken in shared:
                shared[taken].add(source.gives)
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


def _revealing(hidden: set[str], entries: Entries) -> set[str]:
    revealing = set()
    for hidden_id in hidden:
        for container in containers(hidden_id, entries):
            if container in entries and has_text(entries[container]):
                revealing.add(container)
        revealing |= reports_over(hidden_id, entries)
        if hidden_id in entries:
            revealing |= _named_by(entries[hidden_id], entries)
        for entry in entries.values():
            if _gives_away(entry, hidden_id, entries.get(hidden_id)):
                revealing.add(entry.entry_id)
    return revealing


def _named_by(hidden: Entry, entries: Entries) -> set[str]:
    """Reports, requests and problem headers that a hidden entry has a link to and that give it away."""
    found = set()
    for link in hidden.links:
        named = entries.get(link.entry_id)
        if link.relation in {"result_of", "for_medication"}:
            found.add(link.entry_id)
        if link.relation == "about_problem" and named is not None and _are_problems(hidden, named):
            found.add(link.entry_id)
    return found


def _are_problems(*entries: Entry) -> bool:
    return all(entry.kind == "problem" for entry in entries)


def _gives_away(entry: Entry, hidden_id: str, hidden: Entry | None) -> bool:
    """Whether an entry gives away a hidden one by what it says of it; `hidden` is None while that has not arrived."""
    if any(link.relation == "about_problem" and link.entry_id == hidden_id for link in entry.links):
        return True
    if not names(entry, hidden_id):
        return False
    is_consultation = hidden is None or hidden.kind == "consultation"
    return entry.kind == "document" or (entry.kind == "problem" and is_consultation)


def _related(entries: Entries, facts: Facts) -> set[str]:
    """What hides in force name as related while nothing says how."""
    return {
        related
        for (hidden_id, _), named in facts.hidden.items()
        for related in named
        if related != hidden_id
        and not _says(entries.get(hidden_id), related)
        and not _says(entries.get(related), hidden_id)
    }


def _says(entry: Entry | None, named: str) -> bool:
    """Whether an entry says that it is related to this one; an entry in conflict says nothing certain."""
    if entry is None or entry.conflict:
        return False
    return names(entry, named) or any(link.entry_id == named for link in entry.links)
