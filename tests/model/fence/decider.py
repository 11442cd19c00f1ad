"""The gate lane and the decider's two lanes, one transaction a step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.model.fence.explore import Label
from tests.model.fence.messages import (
    Closing,
    FollowUp,
    Marker,
    Redecision,
    State,
    Told,
    last_told,
)
from tests.model.fence.rules import NONE, Off, Rule
from tests.model.fence.world import World

Lane = Literal["entries", "controls"]
Step = tuple[Label, State]


@dataclass(frozen=True, slots=True)
class Play:
    """How a machine plays: rules off, resends, controls a batch, the order of pages, whether follow-ups are joined."""

    off: Off = NONE
    resends: int = 0
    batch: int = 1
    pages: Sequence[str] = ()
    takes_over: bool = False


class Decider:
    """Steps that change the gate and the ledger. Subclasses say what else a decision depends on."""

    def __init__(self, world: World, play: Play = Play()) -> None:
        self.world, self.play, self.off = world, play, play.off
        self.is_complete = not self.off - {Rule.PENDING}  # which D takes as a premise
        self.pages = [world.index[name] for name in play.pages or world.entries]

    def steps(self, state: State) -> Iterable[Step]:
        """Everything that may happen next on this side of the topic."""
        yield from self._gate(state)
        yield from self._entries(state)
        for at in range(len(state.follow_ups)):
            yield self._follow_up(state, at)
        yield from self._controls(state)

    def may_read(self, position: int, state: State) -> bool:  # noqa: ARG002
        """Whether the control lies in its log already."""
        return True

    def may_accept(self, position: int, state: State) -> bool:  # noqa: ARG002
        """Whether the record lies in its log already."""
        return True

    def decide(self, state: State, entry: int, lane: Lane) -> str | None:  # noqa: ARG002
        """What may be shown of the entry, as the ledger knows it."""
        return self.world.truth[state.folded][state.accepted][entry]

    def vouches_for(self, state: State, lane: Lane) -> int:  # noqa: ARG002
        """The position that a decision claims."""
        return state.folded - 1

    def after_record(self, state: State) -> State:
        """The record just accepted leaves something behind."""
        return state

    def after_controls(self, state: State, first: int) -> State:  # noqa: ARG002
        """The controls just folded leave something behind."""
        return state

    def tell(self, state: State, entry: int, lane: Lane, arrival: int | None = None) -> State:
        """Decide one entry; give a number to what changes."""
        content, number = self.decide(state, entry, lane), last_told(state.messages, entry)
        before = state.messages[number] if number is not None else None
        if content != (before.content if isinstance(before, Told) else None):
            vouches = self.vouches_for(state, lane)
            told = Told(entry, content, state.accepted, vouches, arrival)
            return state._replace(messages=(*state.messages, told))
        if number is not None and Rule.NUMBER in self.off:
            return state._replace(notes=state.notes | {("replaced", number)})
        return state

    def _gate(self, state: State) -> Iterator[Step]:
        at = state.gate
        if at < len(self.world.controls) and self.may_read(at, state):
            yield ("gate applies", *self.world.controls[at]), state._replace(gate=at + 1)

    def _entries(self, state: State) -> Iterator[Step]:
        at = state.accepted
        if at == len(self.world.records) or not self.may_accept(at, state):
            return
        record = self.world.records[at]
        new = self.after_record(state._replace(accepted=at + 1))
        new = self.tell(new, self.world.index[record.entry], "entries", at)
        if record.signal:
            new = self._ask_follow_up(new, at)
        yield ("entries lane commits", record.entry, record.version, record.signal), new

    def _ask_follow_up(self, state: State, arrival: int) -> State:
        messages, closing = state.messages, -1
        if Rule.CLOSING not in self.off:
            messages, closing = (*messages, Closing(arrival)), len(messages)
        kept = () if self.play.takes_over else state.follow_ups
        asked = FollowUp(0, closing, state.folded)
        return state._replace(messages=messages, follow_ups=(*kept, asked))

    def _follow_up(self, state: State, at: int) -> Step:
        one = state.follow_ups[at]
        before, after = state.follow_ups[:at], state.follow_ups[at + 1 :]
        if one.page == len(self.pages):
            marker = Marker(one.folded - 1, one.closing)
            done = state._replace(follow_ups=before + after, messages=(*state.messages, marker))
            return ("entries lane ends a follow-up:", marker), done
        turned = (*before, one._replace(page=one.page + 1), *after)
        new = self._page(state._replace(follow_ups=turned), one.page, "entries")
        return ("entries lane, page of a follow-up:", self._name(one.page)), new

    def _controls(self, state: State) -> Iterator[Step]:
        one = state.redecision
        if one is None:
            yield from self._fold(state)
        elif one.page == len(self.pages):
            marker = Marker(state.folded - 1, -1)
            done = state._replace(redecision=None, messages=(*state.messages, marker))
            yield ("controls lane ends:", marker), done
        else:
            turned = state._replace(redecision=one._replace(page=one.page + 1))
            yield (
                ("controls lane, page:", self._name(one.page)),
                self._page(turned, one.page, "controls"),
            )

    def _fold(self, state: State) -> Iterator[Step]:
        first = state.folded
        until = min(first + self.play.batch, len(self.world.controls))
        if until > first and all(self.may_read(at, state) for at in range(first, until)):
            new = state._replace(folded=until, redecision=Redecision(0, first))
            label = ("controls lane folds", *self.world.controls[first:until])
            yield label, self.after_controls(new, first)

    def _page(self, state: State, page: int, lane: Lane) -> State:
        entry = self.pages[page]
        arrived = entry in self.world.arrived[state.accepted]
        return self.tell(state, entry, lane) if arrived else state

    def _name(self, page: int) -> str:
        return self.world.entries[self.pages[page]]
