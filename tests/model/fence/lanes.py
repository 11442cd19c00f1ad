"""The lanes with the view behind them: the machine that most rules are about."""

from collections.abc import Iterable, Iterator

from tests.model.fence.decider import Decider, Step
from tests.model.fence.messages import Closing, Marker, Message, Row, State, Told
from tests.model.fence.rules import Rule
from tests.model.fence.world import Gate


class Lanes(Decider):
    """The view takes messages in any order and shows what its locks leave open."""

    def start(self) -> State:
        """The first records are decided and shown."""
        world = self.world
        messages: list[Message] = []
        rows: list[Row | None] = [None] * len(world.entries)
        told = [(0, 0)] * len(world.entries)
        for count, record in enumerate(world.records[: world.stored], 1):
            entry = world.index[record.entry]
            content = world.truth[0][count][entry]
            if content is not None:
                rows[entry], told[entry] = Row(len(messages), content, -1), (0, count)
                messages.append(Told(entry, content, count, -1, None))
        taken = (1 << len(messages)) - 1
        return State(
            0, 0, world.stored, None, (), tuple(messages), tuple(rows), taken, tuple(told),
            self.play.resends, frozenset(),
        )  # fmt: skip

    def steps(self, state: State) -> Iterable[Step]:
        yield from super().steps(state)
        for number in range(len(state.messages)):
            yield from self._take(state, number)

    def built(self, state: State, number: int) -> list[Message | None]:
        """What may arrive under a number: the message as committed, or what is sent once it is replaced."""
        message, later = state.messages[number], state.messages[number + 1 :]
        if isinstance(message, Closing):
            over = any(isinstance(one, Marker) and one.lifts >= number for one in later)
            return [message, None] if over and Rule.KEPT in self.off else [message]
        if isinstance(message, Marker):
            return [message]
        newer = [one for one in later if isinstance(one, Told) and one.entry == message.entry]
        if not newer and ("replaced", number) not in state.notes:
            return [message]
        if Rule.FILLER in self.off:
            return [message, *newer]
        filler = Told(message.entry, None, 0, -1, None)
        return [message, None if Rule.RETRACT in self.off else filler]

    def _take(self, state: State, number: int) -> Iterator[Step]:
        seen = state.taken >> number & 1
        if seen and not state.resends:
            return
        for got in self.built(state, number):
            new = self._taken(state, number, got, again=bool(seen))
            if not seen or (new.rows, new.notes) != (state.rows, state.notes):
                yield ("view takes number", number, got), new

    def _taken(self, state: State, number: int, got: Message | None, *, again: bool) -> State:
        rows, told, notes = state.rows, state.told, state.notes
        if isinstance(got, Told) and _is_newer(number, rows[got.entry]):
            at, (controls, records) = got.entry, told[got.entry]
            row = Row(number, got.content, got.vouches_for)
            known = (max(controls, got.vouches_for + 1), max(records, got.records))
            rows, told = (*rows[:at], row, *rows[at + 1 :]), (*told[:at], known, *told[at + 1 :])
        if got is None and isinstance(state.messages[number], Closing):
            notes |= {("filled", number)}
        if again and isinstance(got, Closing) and Rule.COMPARE in self.off:
            notes |= {("closed again", self._markers_in(state))}
        return state._replace(
            rows=rows, told=told, notes=notes,
            taken=state.taken | 1 << number, resends=state.resends - again,
        )  # fmt: skip

    @staticmethod
    def _markers_in(state: State) -> int:
        return sum(
            isinstance(message, Marker) and _is_whole(state.taken, number + 1)
            for number, message in enumerate(state.messages)
        )

    def readable(self, state: State) -> tuple[str | None, ...]:
        """What a patient sees of each entry."""
        gate, (through, shut, lifted) = self.world.gates[state.gate], self._marked(state)
        again = [count for note, count in state.notes if note == "closed again"]
        shut_by_flag = bool(again) and self._markers_in(state) <= max(again)
        if gate.closed or shut > lifted or shut_by_flag:
            return (None,) * len(state.rows)
        return tuple(
            row.content if row and self.is_fresh(row, at, through, gate) else None
            for at, row in enumerate(state.rows)
        )

    def is_fresh(self, row: Row, entry: int, through: int, gate: Gate) -> bool:
        """Whether the decision knew every control that might forbid it."""
        return max(row.vouches_for, through) >= max(gate.fence, gate.entry_fences[entry])

    def _marked(self, state: State) -> tuple[int, int, int]:
        """The position that markers vouch for, the greatest closing, and the greatest number lifted."""
        through = shut = lifted = -1
        for number, message in enumerate(state.messages):
            if not state.taken >> number & 1:
                continue
            if isinstance(message, Closing):
                shut = shut if ("filled", number) in state.notes else number
            elif isinstance(message, Marker):
                if Rule.WAIT not in self.off and not _is_whole(state.taken, number):
                    continue
                through = max(through, message.through)
                lifted = max(lifted, number if Rule.NAMES in self.off else message.lifts)
        return through, shut, lifted

    def least_control(self, state: State) -> int:
        """How many controls whatever is readable must at least respect."""
        return state.gate

    def leak(self, state: State) -> str | None:
        shown = self.readable(state)
        if not any(shown):
            return None
        signalled = self._signalled(state)
        for entry, content in enumerate(shown):
            if content is not None and not self._is_right(state, entry, content, signalled):
                return f"leak: entry {self.world.entries[entry]} is readable as {content}"
        return None

    def _is_right(self, state: State, entry: int, content: str, signalled: int) -> bool:
        controls, records = state.told[entry]
        least = self.least_control(state)
        most = max(least, state.folded)
        if (
            self.is_complete
        ):  # with every rule on the view does not go back behind a control it was told of
            least = max(least, controls)
        records = max(records, signalled)
        return any(
            known[count][entry] == content
            for known in self.world.truth[least : most + 1]
            for count in range(records, state.accepted + 1)
        )

    def _signalled(self, state: State) -> int:
        """Records up to the last signal of which the view has every message of its transaction."""
        found = 0
        for at in range(self.world.stored, len(self.world.records)):
            if self.world.records[at].signal:
                numbers = [
                    number
                    for number, message in enumerate(state.messages)
                    if not isinstance(message, Marker) and message.arrival == at
                ]
                if numbers and all(state.taken >> number & 1 for number in numbers):
                    found = at + 1
        return found

    def is_finished(self, state: State) -> bool:
        return (
            state.gate == state.folded == len(self.world.controls)
            and state.accepted == len(self.world.records)
            and state.redecision is None
            and not state.follow_ups
            and _is_whole(state.taken, len(state.messages))
        )

    def wrong_end(self, state: State) -> str | None:
        shown, right = self.readable(state), self.world.truth[-1][-1]
        return None if shown == right else f"wrong end: {shown} is readable, {right} should be"


def _is_whole(taken: int, below: int) -> bool:
    """Whether every number below is in."""
    return not ~taken & (1 << below) - 1


def _is_newer(number: int, row: Row | None) -> bool:
    return row is None or row.number < number
