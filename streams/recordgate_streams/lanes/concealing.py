"""Keeps, for one transaction, which entries are concealed and what that reaches: stored, found anew, and compared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.decider.cascade import Reached, Relative, Root, reach, root_of_unseen
from recordgate_streams.ledger.relatives import Concealed, RelativesStore
from recordgate_streams.policy.statements import Marks

Roots = dict[EntryId, Root]
Said = Mapping[EntryId, Marks]


@dataclass(slots=True)
class Concealing:
    """What is concealed of the transaction's patients. `marks`: all that controls said of their entries."""

    store: RelativesStore
    marks: Mapping[NhsNumber, Said]
    before: Mapping[NhsNumber, Concealed]
    now: dict[NhsNumber, Concealed] = field(default_factory=dict)
    _graphs: dict[NhsNumber, list[Relative]] = field(default_factory=dict)

    def reach(
        self, number: NhsNumber, audience: Audience, own: Mapping[EntryId, Root | None]
    ) -> Reached:
        """Return what the patient's roots reach for an audience. `own`: of the entries being decided, root or none."""
        stored = self.before.get(number, Concealed())
        roots = {e: r for e, r in stored.roots.get(audience, {}).items() if e not in own}
        roots |= {entry_id: root for entry_id, root in own.items() if root is not None}
        now = self.now.setdefault(number, Concealed())
        now.roots[audience] = dict(roots)
        roots |= _ghosts(self.marks.get(number, {}), own.keys() | roots.keys())
        if not roots and not stored.reached:
            return {}
        graph = self._graph(number)
        arrived = {relative.entry_id for relative in graph}
        found = {e: o for e, o in reach(graph, roots).items() if e in arrived}
        now.reached[audience] = {
            entry_id: tuple(sorted(f"{o.reason} {o.outcome}" for o in objections))
            for entry_id, objections in found.items()
        }
        return found

    def changed(self, number: NhsNumber) -> set[EntryId]:
        """Return the entries that roots reach otherwise than stored."""
        before, now = self.before.get(number, Concealed()), self.now[number]
        found: set[EntryId] = set()
        for audience in before.reached.keys() | now.reached.keys():
            old, new = before.reached.get(audience, {}), now.reached.get(audience, {})
            found |= {e for e in old.keys() | new.keys() if old.get(e) != new.get(e)}
        return found

    def remember(self) -> None:
        """Store what is not as stored before."""
        changed = {
            number: now
            for number, now in self.now.items()
            if not now.same_as(self.before.get(number, Concealed()))
        }
        if changed:
            self.store.put_concealed(changed)

    def _graph(self, number: NhsNumber) -> list[Relative]:
        if number not in self._graphs:
            self._graphs[number] = self.store.relatives(number)
        return self._graphs[number]


def _ghosts(marks: Said, known: Collection[EntryId]) -> Roots:
    """Entries that are hidden and have not arrived: an arrived one that is hidden is a root by itself."""
    unseen = ((e, root_of_unseen(said)) for e, said in marks.items() if e not in known)
    return {entry_id: root for entry_id, root in unseen if root is not None}
