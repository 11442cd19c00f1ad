"""G: a publisher's hide is about one version of an entry; a newer version without it opens the entry again."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from tests.model.fence.decider import Lane, Play
from tests.model.fence.lanes import Lanes
from tests.model.fence.messages import State
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import Control, EntryRecord, World, hide, publisher_hides, show


class PublishersHide(Lanes):
    """One entry. Without the rules a publisher's hide bans it: for ever, or until something else arrives."""

    def after_record(self, state: State) -> State:
        content = self.world.records[state.accepted - 1].content
        banned = state.notes | {("banned", 0)} if content is None else state.notes - {("banned", 0)}
        return state._replace(notes=banned) if Rule.ARRIVAL in self.off else state

    def after_controls(self, state: State, first: int) -> State:
        kinds = [control.kind for control in self.world.controls[first : state.folded]]
        if Rule.ARRIVAL in self.off and "publisher hides" in kinds:
            return state._replace(notes=state.notes | {("banned", 0)})
        return state

    def decide(self, state: State, entry: int, lane: Lane) -> str | None:
        known = self.world.controls[: state.folded]
        if Rule.VERSION in self.off and any(c.kind == "publisher hides" for c in known):
            return None
        return None if ("banned", 0) in state.notes else super().decide(state, entry, lane)


VERSIONS = {n: EntryRecord("x", n, f"x{n}") for n in (1, 2, 3)}
HIDDEN = {n: EntryRecord("x", n, None) for n in (1, 2, 3)}
HIDE = {n: publisher_hides("x", n) for n in (1, 2, 3)}
CASES = (
    ((HIDE[1],), (HIDDEN[1], VERSIONS[2])),
    ((HIDE[1], HIDE[1]), (HIDDEN[1], VERSIONS[2])),
    ((HIDE[1], HIDE[1], HIDE[3]), (HIDDEN[1], VERSIONS[2], HIDDEN[3])),
    ((HIDE[1], HIDE[3]), (VERSIONS[2],)),  # the hidden version has not arrived
    ((HIDE[2],), (VERSIONS[1], VERSIONS[3])),
    ((HIDE[2],), (VERSIONS[1], VERSIONS[2])),  # hidden by the control only
)
A_PERSON = ((), (hide("x"),), (hide("x"), show("x")))


def scenarios(off: Off = NONE) -> Iterator[Lanes]:
    """Every order of a publisher's hides and a person's, and of the versions; larger ones are left out."""
    for hides, versions in CASES:
        for own in A_PERSON:
            size = len(hides) + len(own)
            if size < 4 or (size == 4 and len(versions) < 3):
                yield from _orders(hides, own, versions, off)


def _orders(
    hides: Sequence[Control], own: Sequence[Control], versions: Sequence[EntryRecord], off: Off
) -> Iterator[Lanes]:
    ends = set()
    for controls in sorted(set(permutations((*hides, *own)))):
        if [one for one in controls if one in own] != list(own):
            continue  # what a person does and takes back keeps its order
        for arriving in permutations(versions):
            world = World("x", controls, arriving)
            ends.add(world.truth[-1][-1])
            yield PublishersHide(world, Play(off))
    if len(ends) != 1:
        raise AssertionError("policy must not depend on the order of arrival")


def witness(rule: Rule, off: Off) -> Lanes:
    """A scenario that goes wrong without the rule."""
    arriving = {
        Rule.VERSION: (HIDDEN[1], VERSIONS[2]),
        Rule.ARRIVAL: (VERSIONS[2], HIDDEN[1]),
    }[rule]
    return PublishersHide(World("x", (HIDE[1],), arriving), Play(off))
