"""The cascade: what hiding or holding one entry does to its relatives, over links, in any order of arrival.

docs/specification.md, section 5; golden rows 55 to 57. It is computed anew from the suppressed entries each time, so
that lifting a hide gives back exactly what the hide took.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from recordgate_schemas.entry import (
    Kind,
    Relation,
    SourceVersion,
)
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.relations import Relations
from recordgate_streams.decider.relative import Relative
from recordgate_streams.policy.decision import Objection
from recordgate_streams.policy.rules.hidden import CAUSES, SUPPRESSING
from recordgate_streams.policy.statements import EntryStatements


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


def suppressed_by_hides(
    statements: EntryStatements, arrived: SourceVersion | None
) -> SuppressedEntry | None:
    """Return why an entry is suppressed, going by hides alone: all there is before it arrives."""
    causes = statements.hidden_for(arrived)
    related = statements.related(arrived)
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


def cascade(related: Relations, suppressed: Suppressed) -> Affected:
    """Return the objections to every arrived relative that follow from the suppressed entries of one audience."""
    known = related.known
    found: dict[EntryId, dict[tuple[Reason, Outcome], Objection]] = defaultdict(dict)
    suppressing = {e: why for e, why in suppressed.items() if why.outcome is not Outcome.RELEASED}
    followers: set[EntryId] = set()
    for entry_id, why in sorted(suppressing.items()):
        for member in related.below(entry_id):
            followers.add(member)
            found[member][why.reason, why.outcome] = _objection(why, "taken along by a relative")
    hidden = followers | suppressing.keys()
    linked = SuppressedEntry(Reason.LINKED, Outcome.HELD)
    for entry_id in _revealing(related, hidden) | _unexplained(known, suppressed):
        if entry_id not in hidden:
            found[entry_id][linked.reason, linked.outcome] = _objection(linked, "would reveal one")
    return {e: tuple(by.values()) for e, by in found.items() if e in known}


def _revealing(related: Relations, hidden: set[EntryId]) -> set[EntryId]:
    """Return entries whose content would reveal a hidden one, by what either of the two says of the other."""
    known = related.known
    found = {one.entry_id for one in known.values() if _names_hidden(one, related, hidden)}
    for entry_id in hidden:
        around = related.around(entry_id)
        found |= {one for one in around if one in known and known[one].has_text}
        found |= related.reports_above(entry_id)
        if entry_id in known:
            found |= set(_named_by_hidden(known[entry_id], known))
    return found


def _names_hidden(one: Relative, related: Relations, hidden: set[EntryId]) -> bool:
    """Return whether an entry says itself how it is related to a hidden one.

    It is about a hidden problem; or a problem that refers to a hidden consultation, or a document that refers to
    anything hidden.
    """
    if any(r is Relation.ABOUT_PROBLEM and target in hidden for r, target in one.links):
        return True
    if one.kind is Kind.DOCUMENT:
        return not hidden.isdisjoint(one.names)
    consultations = one.names if one.kind is Kind.PROBLEM else ()
    return any(e in hidden and related.of_kind(e, _CONSULTATION) for e in consultations)


_CONSULTATION = frozenset({Kind.CONSULTATION})


def _named_by_hidden(one: Relative, known: Mapping[EntryId, Relative]) -> Iterator[EntryId]:
    """Yield what a hidden entry names and would be revealed by: reports and requests, and its problem's header."""
    for relation, target in one.links:
        if relation in (Relation.RESULT_OF, Relation.FOR_MEDICATION):
            yield target
        elif relation is Relation.ABOUT_PROBLEM and one.kind is Kind.PROBLEM:
            other = known.get(target)
            if other is not None and other.kind is Kind.PROBLEM:
                yield target  # a problem and its header state one fact twice


def _unexplained(known: Mapping[EntryId, Relative], suppressed: Suppressed) -> set[EntryId]:
    """Return relatives that a hide names and nothing explains: nobody knows how they are related, so a person looks.

    What an entry in conflict says explains nothing.
    """
    named = {(e, other) for e, why in suppressed.items() for other in why.related - {e}}
    if not named:
        return set()
    certain = [relative for relative in known.values() if not relative.conflict]
    explained = {(r.entry_id, target) for r in certain for _, target in r.links}
    explained |= {(r.entry_id, target) for r in certain for target in r.names}
    return {
        other
        for entry_id, other in named
        if (entry_id, other) not in explained and (other, entry_id) not in explained
    }


def _objection(why: SuppressedEntry, how: str) -> Objection:
    return Objection(why.reason, why.outcome, {"relative": how})
