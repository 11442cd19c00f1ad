"""F: one record lies in another partition than its patient's, until somebody publishes it again where it belongs."""

from collections.abc import Iterable, Iterator, Sequence

from tests.model.fence.decider import Play, Step
from tests.model.fence.lanes import Lanes
from tests.model.fence.messages import Row, State
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import REDACT, RESUME, SUSPEND, Control, EntryRecord, World, hide

SEEN, QUARANTINED, REPLAYED = ("the gate saw it", 0), ("quarantined", 0), ("replayed", 0)
FOR_EVER = ("closed for ever", 0)


class Routing(Lanes):
    """`control`: where in the patient's own log the copy of the misrouted control will lie; or `record` likewise."""

    def __init__(
        self, world: World, play: Play, *, control: int | None = None, record: int | None = None
    ) -> None:
        super().__init__(world, play)
        self.control, self.record = control, record

    def may_read(self, position: int, state: State) -> bool:
        return self.control is None or position < self.control or REPLAYED in state.notes

    def may_accept(self, position: int, state: State) -> bool:
        return self.record is None or position < self.record or REPLAYED in state.notes

    def steps(self, state: State) -> Iterable[Step]:
        yield from super().steps(state)
        if self.control is not None and SEEN not in state.notes:
            late = Rule.COORDINATES in self.off and state.gate > self.control
            yield _noting(state, "the gate reads it astray", SEEN, *((FOR_EVER,) if late else ()))
        if QUARANTINED not in state.notes:
            yield from self._astray(state)
        elif REPLAYED not in state.notes:
            yield _noting(state, "it is published again where it belongs", REPLAYED)

    def _astray(self, state: State) -> Iterator[Step]:
        """What the decider of the wrong partition does: quarantine; without the rule, decide without any facts."""
        if self.record is None or Rule.ENTRIES not in self.off:
            yield _noting(
                state, "the other partition's decider puts it into quarantine", QUARANTINED
            )
            return
        record = self.world.records[self.record]
        at = self.world.index[record.entry]
        if state.rows[at] is None:
            rows = (*state.rows[:at], Row(-1, record.content, -1), *state.rows[at + 1 :])
            label, new = _noting(state, "the other partition's decider releases it", QUARANTINED)
            yield label, new._replace(rows=rows)

    def readable(self, state: State) -> tuple[str | None, ...]:
        copy_read = self.control is None or state.gate > self.control
        shut = SEEN in state.notes and not copy_read and Rule.CONTROLS not in self.off
        if shut or FOR_EVER in state.notes:
            return (None,) * len(state.rows)
        return super().readable(state)

    def least_control(self, state: State) -> int:
        """A control that the gate has seen counts, wherever its copy will lie."""
        if self.control is not None and SEEN in state.notes:
            return max(state.gate, self.control + 1)
        return state.gate

    def is_finished(self, state: State) -> bool:
        seen = self.control is None or SEEN in state.notes
        return super().is_finished(state) and REPLAYED in state.notes and seen


def _noting(state: State, label: str, *notes: tuple[str, int]) -> Step:
    return (label,), state._replace(notes=state.notes.union(notes))


STORED = (EntryRecord("a", 1, "a1"), EntryRecord("b", 1, "b1"))
BETTER = EntryRecord("a", 2, "a2")


def scenarios(off: Off = NONE) -> Iterator[Routing]:
    """A misrouted entry beside a control; a misrouted control alone, and at every place among others."""
    for control in (hide("c"), SUSPEND, REDACT):
        yield _entry_astray(control, off)
    for lost in (hide("a"), SUSPEND, REDACT):
        yield Routing(World("ab", (lost,), (*STORED, BETTER), stored=2), Play(off), control=0)
        for home in ((REDACT,), (hide("b"),), (SUSPEND, RESUME)):
            for place in range(len(home) + 1):
                yield _control_astray(lost, home, place, off)


def witness(rule: Rule, off: Off) -> Routing:
    """A scenario that goes wrong without the rule."""
    if rule is Rule.ENTRIES:
        return _entry_astray(hide("c"), off)
    return _control_astray(hide("a"), (REDACT,), 0, off)


def _entry_astray(control: Control, off: Off) -> Routing:
    world = World("bc", (control,), (STORED[1], EntryRecord("c", 1, "c1")), stored=1)
    return Routing(world, Play(off), record=1)


def _control_astray(lost: Control, home: Sequence[Control], place: int, off: Off) -> Routing:
    controls = (*home[:place], lost, *home[place:])
    return Routing(World("ab", controls, STORED, stored=2), Play(off), control=place)
