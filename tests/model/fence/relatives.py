"""D: what hides an entry hides its children, to the last generation, also those that arrive meanwhile.

A hide is a fact that every decision of the patient sees. That a reviewer withholds an entry is known to a decision
about a relative only once the entry itself was decided: until then no decision may vouch for a position.
"""

from collections.abc import Iterator, Sequence

from tests.model.fence.decider import Lane, Play
from tests.model.fence.lanes import Lanes
from tests.model.fence.messages import State, Told, last_told
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import REDACT, Control, EntryRecord, World, hide, show, withhold

PARENTS = {"B": "A", "C": "B"}
"""U and W have no relatives."""


class Relatives(Lanes):
    """Notes remember which entries were withheld when they were last decided."""

    def vouches_for(self, state: State, lane: Lane) -> int:
        one = state.redecision
        pending = one is not None and one.page < len(self.pages)
        if pending and Rule.PENDING not in self.off:
            return -1
        return super().vouches_for(state, lane)

    def decide(self, state: State, entry: int, lane: Lane) -> str | None:
        name, world = self.world.entries[entry], self.world
        content = world.alone(state.folded, state.accepted, name)
        if content is None or world.suppressed(state.folded, name):
            return None
        ancestors = world.lineage(name)[1:]
        if any(("withheld", world.index[one]) in state.notes for one in ancestors):
            return None
        if self._believes_the_parent(lane):
            hidden = bool(ancestors) and not self._is_shown(state, ancestors[0])
            if Rule.ALL_GENERATIONS in self.off and ancestors:
                hidden |= world.hidden(state.folded, ancestors[0])
            return None if hidden else content
        return None if any(world.hidden(state.folded, one) for one in ancestors) else content

    def _believes_the_parent(self, lane: Lane) -> bool:
        """Rules off: a decision goes by what its parent's last decision said."""
        return bool(self.off & {Rule.FACTS, Rule.ALL_GENERATIONS}) or (
            Rule.BOTH_LANES in self.off and lane == "controls"
        )

    def _is_shown(self, state: State, name: str) -> bool:
        entry = self.world.index[name]
        if entry not in self.world.arrived[state.accepted]:
            return True
        number = last_told(state.messages, entry)
        message = state.messages[number] if number is not None else None
        return isinstance(message, Told) and message.content is not None

    def tell(self, state: State, entry: int, lane: Lane, arrival: int | None = None) -> State:
        """What changes takes its children with it, in the same transaction."""
        new = super().tell(state, entry, lane, arrival)
        name, note = self.world.entries[entry], ("withheld", entry)
        if self.world.withheld(new.folded, name):
            new = new._replace(notes=new.notes | {note})
        if (new.messages, new.notes) != (state.messages, state.notes):
            for child in self._children(new, name):
                new = self.tell(new, child, lane)
        return new

    def _children(self, state: State, name: str) -> list[int]:
        children = [one for one in self.world.entries if PARENTS.get(one) == name]
        found = [self.world.index[child] for child in children]
        return [child for child in found if child in self.world.arrived[state.accepted]]


FAMILIES = (("AU", "BW"), ("ABU", "CW"), ("ABCU", "W"), ("AU", "BC"))
"""Who is there at the start, and who arrives."""
HIDES = (((hide("A"),), 1), ((hide("A"), show("A")), 1), ((REDACT, hide("A")), 2))
WITHHOLDINGS = (((withhold("A"),), 1), ((REDACT, withhold("A")), 2))
"""Controls, and how many of them are folded at once."""


def scenarios(off: Off = NONE) -> Iterator[Relatives]:
    """Every family, with pages in both directions. Of a hide decisions may vouch at once; of a withholding not."""
    for stored, arriving in FAMILIES:
        for backwards in (False, True):
            for controls, batch in HIDES:
                at_once = off | {Rule.PENDING}
                yield _family(stored, arriving, controls, at_once, batch, backwards=backwards)
            for controls, batch in WITHHOLDINGS:
                yield _family(stored, arriving, controls, off, batch, backwards=backwards)


def witness(rule: Rule, off: Off) -> Relatives:
    """A scenario that goes wrong without the rule."""
    if rule is Rule.PENDING:
        return _family("A", "B", (withhold("A"),), off)
    stored, arriving = ("ABU", "CW") if rule is Rule.ALL_GENERATIONS else ("AU", "BW")
    backwards, at_once = rule is Rule.BOTH_LANES, off | {Rule.PENDING}
    return _family(stored, arriving, (hide("A"),), at_once, backwards=backwards)


def _family(
    stored: str,
    arriving: str,
    controls: Sequence[Control],
    off: Off,
    batch: int = 1,
    *,
    backwards: bool = False,
) -> Relatives:
    names = stored + arriving
    records = [EntryRecord(name, 1, name.lower()) for name in names]
    world = World(
        names, controls, records, stored=len(stored), parents=PARENTS,
        patient_fence=Rule.PATIENT_FENCE not in off,
    )  # fmt: skip
    pages = names[::-1] if backwards else names
    return Relatives(world, Play(off, batch=batch, pages=tuple(pages)))
