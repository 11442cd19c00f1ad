"""The cascade: what hiding or holding one entry does to its relatives, over links, in any order of arrival.

docs/specification.md, section 5; golden rows 55 to 57. It is computed anew from the suppressed entries each time, so
that lifting a hide gives back exactly what the hide took.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recordgate_schemas.entry import ClinicalEntry, ElementKind, Relation
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.policy.decision import Objection
from recordgate_streams.policy.rules.hidden import CAUSES, SUPPRESSING
from recordgate_streams.policy.statements import EntryStatements

FOLLOWS_TARGET = frozenset(
    {Relation.PART_OF, Relation.RESULT_OF, Relation.LISTED_IN, Relation.FOR_MEDICATION}
)
"""An entry with such a link is suppressed together with the entry that the link names."""

CONTAINERS = frozenset({Relation.PART_OF, Relation.LISTED_IN})
"""Links that name a container. It is shown without its references to members; only its own text can reveal one."""


@dataclass(frozen=True, slots=True)
class Relative:
    """What the cascade reads of an entry: its links, whether it has free text of its own, whether it is in conflict."""

    entry_id: EntryId
    links: tuple[tuple[Relation, EntryId], ...]
    has_text: bool
    conflict: bool


def relative_of(entry: ClinicalEntry, *, conflict: bool) -> Relative:
    """Return what the cascade reads of an entry."""
    links = tuple((link.relation, link.entry_id) for link in entry.links)
    return Relative(entry.entry_id, links, has_text(entry), conflict)


def has_text(entry: ClinicalEntry) -> bool:
    """Return whether the entry has free text of its own, which may reveal a member."""
    return any(element.kind is ElementKind.FREE_TEXT for element in entry.elements)


@dataclass(frozen=True, slots=True)
class SuppressedEntry:
    """Why an entry is suppressed: its first withholding reason, or LINKED for a hold; and the relatives its hides name.

    With outcome RELEASED the entry itself is not suppressed, but a person must look at the relatives it names.
    """

    reason: Reason
    outcome: Outcome
    related: frozenset[EntryId] = frozenset()


Suppressed = Mapping[EntryId, SuppressedEntry]
Affected = Mapping[EntryId, tuple[Objection, ...]]


@dataclass(frozen=True, slots=True)
class CascadeState:
    """For one audience: the suppressed entries, and what they do to others, as sorted texts `REASON OUTCOME`."""

    suppressed: Suppressed = field(default_factory=dict)
    affected: Mapping[EntryId, tuple[str, ...]] = field(default_factory=dict)

    def affected_otherwise(self, other: "CascadeState") -> set[EntryId]:
        """Return the entries that the two states affect differently."""
        one, two = self.affected, other.affected
        return {
            entry_id
            for entry_id in one.keys() | two.keys()
            if one.get(entry_id) != two.get(entry_id)
        }


def state_of(suppressed: Suppressed, affected: Affected) -> CascadeState:
    """Return the state to remember after a cascade."""
    texts = {
        entry_id: tuple(sorted(f"{o.reason} {o.outcome}" for o in objections))
        for entry_id, objections in affected.items()
    }
    return CascadeState(suppressed, texts)


def suppressed_before_arrival(statements: EntryStatements) -> SuppressedEntry | None:
    """Return why an entry that has not arrived is suppressed already, if a hide came before it."""
    causes = set(statements.hidden_for())
    related = statements.related()
    reason = next((CAUSES[c] for c in CAUSES if c in causes & SUPPRESSING), None)
    if reason is not None:
        return SuppressedEntry(reason, Outcome.WITHHELD, related)
    return SuppressedEntry(Reason.LINKED, Outcome.RELEASED, related) if related else None


def suppressed_by(
    objections: Iterable[Objection], related: frozenset[EntryId]
) -> SuppressedEntry | None:
    """Return why an entry is suppressed, going by its own reviewed objections; None when it is not."""
    suppressing = [o for o in objections if o.suppresses]
    withheld = next((o for o in suppressing if o.outcome is Outcome.WITHHELD), None)
    if withheld is not None:
        return SuppressedEntry(withheld.reason, Outcome.WITHHELD, related)
    if suppressing:
        return SuppressedEntry(Reason.LINKED, Outcome.HELD, related)
    return SuppressedEntry(Reason.LINKED, Outcome.RELEASED, related) if related else None


def cascade(relatives: Iterable[Relative], suppressed: Suppressed) -> Affected:
    """Return the objections to every arrived relative that follow from the suppressed entries.

    All of one patient and one audience. `relatives`: all arrived entries.
    """
    known = {relative.entry_id: relative for relative in relatives}
    members = _members(known.values())
    found: dict[EntryId, dict[tuple[Reason, Outcome], Objection]] = defaultdict(dict)
    suppressing = {e: why for e, why in suppressed.items() if why.outcome is not Outcome.RELEASED}
    followers: set[EntryId] = set()
    for entry_id, why in sorted(suppressing.items()):
        for member in _below(entry_id, members):
            followers.add(member)
            found[member][why.reason, why.outcome] = _objection(why, "taken along by a relative")
    hidden = followers | suppressing.keys()
    linked = SuppressedEntry(Reason.LINKED, Outcome.HELD)
    for entry_id in _revealing(known, hidden) | _unexplained(known, suppressed):
        if entry_id not in hidden:
            found[entry_id][linked.reason, linked.outcome] = _objection(linked, "would reveal one")
    return {e: tuple(by.values()) for e, by in found.items() if e in known}


def _members(relatives: Iterable[Relative]) -> Mapping[EntryId, list[EntryId]]:
    members: dict[EntryId, list[EntryId]] = defaultdict(list)
    for relative in relatives:
        for relation, target in relative.links:
            if relation in FOLLOWS_TARGET:
                members[target].append(relative.entry_id)
    return members


def _below(entry_id: EntryId, members: Mapping[EntryId, list[EntryId]]) -> set[EntryId]:
    """Return everything that follows the entry, over any number of links; the entry itself is not part of it."""
    found: set[EntryId] = set()
    waiting = [entry_id]
    while waiting:
        new = set(members.get(waiting.pop(), ())) - found - {entry_id}
        found |= new
        waiting += new
    return found


def _revealing(known: Mapping[EntryId, Relative], hidden: set[EntryId]) -> set[EntryId]:
    """Return entries whose content would reveal a hidden one.

    These are reports and requests, containers with text, and whatever names a hidden problem.
    """
    found: set[EntryId] = set()
    for relative in known.values():
        for relation, target in relative.links:
            if relation is Relation.ABOUT_PROBLEM and target in hidden:
                found.add(relative.entry_id)
            if relative.entry_id in hidden and _would_reveal(relation, known.get(target)):
                found.add(target)
    return found


def _would_reveal(relation: Relation, target: Relative | None) -> bool:
    if relation in CONTAINERS:
        return target is not None and target.has_text
    return relation in (Relation.RESULT_OF, Relation.FOR_MEDICATION)


def _unexplained(known: Mapping[EntryId, Relative], suppressed: Suppressed) -> set[EntryId]:
    """Return relatives that a hide names and no link explains: nobody knows how they are related, so a person looks.

    The links of an entry in conflict explain nothing.
    """
    certain = (relative for relative in known.values() if not relative.conflict)
    linked = {(r.entry_id, target) for r in certain for _, target in r.links}
    return {
        other
        for entry_id, why in suppressed.items()
        for other in why.related - {entry_id}
        if (entry_id, other) not in linked and (other, entry_id) not in linked
    }


def _objection(why: SuppressedEntry, how: str) -> Objection:
    return Objection(why.reason, why.outcome, {"relative": how})
