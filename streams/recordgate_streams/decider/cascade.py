"""What relatives must not reveal: how hiding or holding one entry reaches others, over links, in any arrival order.

docs/specification.md, section 5. Worked out anew from the roots each time, so that lifting a hide restores exactly what
it took. Golden rows 55-57.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recordgate_schemas.entry import ClinicalEntry, ElementKind, Relation
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.policy.decision import Objection
from recordgate_streams.policy.rules.hidden import CAUSES, CONCEALING
from recordgate_streams.policy.statements import Marks

TAKEN_ALONG = frozenset(
    {Relation.PART_OF, Relation.RESULT_OF, Relation.LISTED_IN, Relation.FOR_MEDICATION}
)
"""Who carries such a link goes with the entry it names."""

CONTAINERS = frozenset({Relation.PART_OF, Relation.LISTED_IN})
"""What they name is shown without its pointers; only a text of its own can reveal a member."""


@dataclass(frozen=True, slots=True)
class Relative:
    """What closure needs of an entry: its links by relation, whether it has free text of its own, or is in conflict."""

    entry_id: EntryId
    links: tuple[tuple[Relation, EntryId], ...]
    has_text: bool
    conflict: bool


def relative_of(entry: ClinicalEntry, *, conflict: bool) -> Relative:
    """Return what closure needs of an entry."""
    links = tuple((link.relation, link.entry_id) for link in entry.links)
    return Relative(entry.entry_id, links, has_text(entry), conflict)


def has_text(entry: ClinicalEntry) -> bool:
    """Return whether the entry has free text of its own, which may tell of a member."""
    return any(element.kind is ElementKind.FREE_TEXT for element in entry.elements)


@dataclass(frozen=True, slots=True)
class Root:
    """Why an entry is concealed: the first withholding reason, or LINKED for a hold; and what a hide named with it.

    With the outcome RELEASED it conceals nothing, but the relatives it names are still to be looked at.
    """

    reason: Reason
    outcome: Outcome
    related: frozenset[EntryId] = frozenset()


def root_of_unseen(marks: Marks) -> Root | None:
    """Return why an entry that has not arrived is concealed already: a hide came before it."""
    causes = set(marks.hidden_for())
    reason = next((CAUSES[c] for c in CAUSES if c in causes & CONCEALING), None)
    if reason is not None:
        return Root(reason, Outcome.WITHHELD, marks.related())
    return Root(Reason.LINKED, Outcome.RELEASED, marks.related()) if marks.related() else None


Reached = Mapping[EntryId, tuple[Objection, ...]]


def root_of(objections: Iterable[Objection], related: frozenset[EntryId]) -> Root | None:
    """Return why an entry is concealed from its own (reviewed) objections; None when it is not."""
    concealing = [o for o in objections if o.conceals]
    withheld = next((o for o in concealing if o.outcome is Outcome.WITHHELD), None)
    if withheld is not None:
        return Root(withheld.reason, Outcome.WITHHELD, related)
    if concealing:
        return Root(Reason.LINKED, Outcome.HELD, related)
    return Root(Reason.LINKED, Outcome.RELEASED, related) if related else None


def reach(relatives: Iterable[Relative], roots: Mapping[EntryId, Root]) -> Reached:
    """Return what each relative must be objected to for, because of the roots. All of one patient, one audience."""
    known = {relative.entry_id: relative for relative in relatives}
    members = _members(known.values())
    found: dict[EntryId, dict[tuple[Reason, Outcome], Objection]] = defaultdict(dict)
    concealing = {root: why for root, why in roots.items() if why.outcome is not Outcome.RELEASED}
    taken: set[EntryId] = set()
    for root, why in sorted(concealing.items()):
        for entry_id in _below(root, members):
            taken.add(entry_id)
            found[entry_id][why.reason, why.outcome] = _objection(why, "taken along by a relative")
    concealed = taken | concealing.keys()
    linked = Root(Reason.LINKED, Outcome.HELD)
    for entry_id in _revealing(known, concealed) | _named(known, roots):
        if entry_id not in concealed:
            found[entry_id][linked.reason, linked.outcome] = _objection(linked, "would reveal one")
    return {entry_id: tuple(by.values()) for entry_id, by in found.items()}


def _members(relatives: Iterable[Relative]) -> Mapping[EntryId, list[EntryId]]:
    members: dict[EntryId, list[EntryId]] = defaultdict(list)
    for relative in relatives:
        for relation, target in relative.links:
            if relation in TAKEN_ALONG:
                members[target].append(relative.entry_id)
    return members


def _below(root: EntryId, members: Mapping[EntryId, list[EntryId]]) -> set[EntryId]:
    """Everything a root takes along, itself not counted."""
    found: set[EntryId] = set()
    waiting = [root]
    while waiting:
        new = set(members.get(waiting.pop(), ())) - found - {root}
        found |= new
        waiting += new
    return found


def _revealing(known: Mapping[EntryId, Relative], concealed: set[EntryId]) -> set[EntryId]:
    """Entries whose content would tell of a concealed one: reports, requests, told containers, what names a problem."""
    found: set[EntryId] = set()
    for relative in known.values():
        for relation, target in relative.links:
            if relation is Relation.ABOUT_PROBLEM and target in concealed:
                found.add(relative.entry_id)
            if relative.entry_id in concealed and _would_tell(relation, known.get(target)):
                found.add(target)
    return found


def _would_tell(relation: Relation, container: Relative | None) -> bool:
    if relation in CONTAINERS:
        return container is not None and container.has_text
    return relation in (Relation.RESULT_OF, Relation.FOR_MEDICATION)


def _named(known: Mapping[EntryId, Relative], roots: Mapping[EntryId, Root]) -> set[EntryId]:
    """Relatives that a hide names and no link explains: nobody knows how they are related, so a person looks.

    What an entry in conflict says of its relatives explains nothing.
    """
    sure = (relative for relative in known.values() if not relative.conflict)
    linked = {(r.entry_id, target) for r in sure for _, target in r.links}
    return {
        other
        for root, why in roots.items()
        for other in why.related - {root}
        if (root, other) not in linked and (other, root) not in linked
    }


def _objection(why: Root, how: str) -> Objection:
    return Objection(why.reason, why.outcome, {"relative": how})
