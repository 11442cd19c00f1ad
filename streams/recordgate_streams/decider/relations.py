"""How the entries of one patient are related, counted from both ends.

docs/specification.md, section 5. What a report says of its results counts like what a result says of its report, so it
does not matter which of the two was published last, nor whether they were published together.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from recordgate_schemas.entry import Kind, Relation
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.relative import Relative

FOLLOWS_TARGET = frozenset(
    {Relation.PART_OF, Relation.RESULT_OF, Relation.LISTED_IN, Relation.FOR_MEDICATION}
)
"""An entry with such a link is suppressed together with the entry that the link names."""

CONTAINERS = frozenset({Relation.PART_OF, Relation.LISTED_IN})
"""Links that name a container. It is shown without its references to members; only its own text can reveal one."""

REPORTS = frozenset({Kind.REPORT, Kind.BATTERY, Kind.TEST_GROUP})
RESULTS = frozenset({Kind.TEST_RESULT, Kind.OBSERVATION, Kind.BATTERY, Kind.TEST_GROUP})
"""What a report, battery or group names without saying how it is related is its result, if it is of these kinds."""


@dataclass(frozen=True, slots=True)
class Relations:
    """All arrived entries of a patient, and who is related to whom.

    `members`: what follows an entry. `results`: those of them that are results. `containers`: what an entry is in.
    `reports`: the reports, batteries and groups that an entry is a result of, as far as is known.
    """

    known: Mapping[EntryId, Relative]
    members: Mapping[EntryId, tuple[EntryId, ...]]
    results: Mapping[EntryId, tuple[EntryId, ...]]
    containers: Mapping[EntryId, tuple[EntryId, ...]]
    reports: Mapping[EntryId, tuple[EntryId, ...]]

    def below(self, entry_id: EntryId) -> set[EntryId]:
        """Return everything that follows an entry, over any number of steps; the entry itself is not part of it."""
        return _reached(entry_id, lambda one: self.members.get(one, ()))

    def results_below(self, entry_id: EntryId) -> set[EntryId]:
        """Return the results of a report, their results, and so on."""
        return _reached(entry_id, lambda one: self.results.get(one, ()))

    def reports_above(self, entry_id: EntryId) -> set[EntryId]:
        """Return the reports and groups of an entry, those of which these are results, and so on."""
        return _reached(entry_id, lambda one: self.reports.get(one, ()))

    def around(self, entry_id: EntryId) -> set[EntryId]:
        """Return the containers of an entry, and those of lists among them."""
        return _reached(entry_id, lambda one: self._containers_of(one, start=one == entry_id))

    def of_kind(self, entry_id: EntryId, kinds: Collection[Kind]) -> bool:
        """Return whether an entry is of these kinds, as far as is known: one that has not arrived may be of any."""
        return _of_kind(self.known, entry_id, kinds)

    def _containers_of(self, entry_id: EntryId, *, start: bool) -> tuple[EntryId, ...]:
        passes = start or self.of_kind(entry_id, {Kind.LIST})
        return self.containers.get(entry_id, ()) if passes else ()


def relations(relatives: Iterable[Relative]) -> Relations:
    """Return how a patient's arrived entries are related; where one comes twice, the last counts."""
    known = {relative.entry_id: relative for relative in relatives}
    members: dict[EntryId, set[EntryId]] = defaultdict(set)
    results: dict[EntryId, set[EntryId]] = defaultdict(set)
    containers: dict[EntryId, set[EntryId]] = defaultdict(set)
    reports = _reports(known)
    for one in known.values():
        for relation, target in one.links:
            if relation in FOLLOWS_TARGET:
                members[target].add(one.entry_id)
            if relation is Relation.RESULT_OF:
                results[target].add(one.entry_id)
            if relation in CONTAINERS:
                containers[one.entry_id].add(target)
        for other in one.names:
            if one.kind is Kind.LIST:
                members[one.entry_id].add(other)
                containers[other].add(one.entry_id)
            elif one.kind in REPORTS and other in known and known[other].kind in RESULTS:
                members[one.entry_id].add(other)
                results[one.entry_id].add(other)
    for entry_id, above in reports.items():
        # the measurements of a battery are one finding: what hides one of them hides all
        members[entry_id] |= {e for e in above if e in known and known[e].kind is Kind.BATTERY}
    return Relations(known, *map(_in_order, (members, results, containers, reports)))


def _reports(known: Mapping[EntryId, Relative]) -> dict[EntryId, set[EntryId]]:
    found: dict[EntryId, set[EntryId]] = defaultdict(set)
    for one in known.values():
        for relation, target in one.links:
            if relation is Relation.RESULT_OF and _of_kind(known, target, REPORTS):
                found[one.entry_id].add(target)
        for other in one.names if one.kind in REPORTS else ():
            if _of_kind(known, other, RESULTS):
                found[other].add(one.entry_id)
    return found


def _of_kind(known: Mapping[EntryId, Relative], entry_id: EntryId, kinds: Collection[Kind]) -> bool:
    return entry_id not in known or known[entry_id].kind in kinds


def _in_order(found: Mapping[EntryId, set[EntryId]]) -> dict[EntryId, tuple[EntryId, ...]]:
    return {entry_id: tuple(sorted(others)) for entry_id, others in found.items()}


def _reached(start: EntryId, steps: Callable[[EntryId], Iterable[EntryId]]) -> set[EntryId]:
    found: set[EntryId] = set()
    waiting = [start]
    while waiting:
        new = set(steps(waiting.pop())) - found - {start}
        found |= new
        waiting += new
    return found
