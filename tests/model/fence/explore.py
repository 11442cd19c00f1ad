"""Visits every state that a machine can reach, nearest first."""

from collections import deque
from collections.abc import Hashable, Iterable
from typing import NamedTuple, Protocol, TypeVar

State = TypeVar("State", bound=Hashable)
Label = tuple[object, ...]
"""What happened in a step, in words."""


class Machine(Protocol[State]):
    """Something that goes on in small steps, one of several at a time."""

    def start(self) -> State: ...

    def steps(self, state: State) -> Iterable[tuple[Label, State]]:
        """What may happen next."""
        ...

    def leak(self, state: State) -> str | None:
        """What is readable and must not be."""
        ...

    def is_finished(self, state: State) -> bool:
        """Whether everybody is done. Steps may be left that change nothing for good, such as a resend."""
        ...

    def wrong_end(self, state: State) -> str | None:
        """What is wrong when everybody is done."""
        ...


class Found(NamedTuple):
    """How many states were visited; the first broken promise with a shortest way to it, if there is one."""

    states: int
    problem: str | None
    trace: tuple[str, ...]


def explore(machine: Machine[State]) -> Found:
    """Visit every state; stop at the first broken promise."""
    first = machine.start()
    came_from: dict[State, tuple[State, Label] | None] = {first: None}
    waiting = deque([first])
    while waiting:
        state = waiting.popleft()
        following = list(machine.steps(state))
        problem = machine.leak(state) or _end(machine, state, stuck=not following)
        if problem is not None:
            return Found(len(came_from), problem, _trace(came_from, state))
        for label, new in following:
            if new not in came_from:
                came_from[new] = (state, label)
                waiting.append(new)
    return Found(len(came_from), None, ())


def _end(machine: Machine[State], state: State, *, stuck: bool) -> str | None:
    if machine.is_finished(state):
        return machine.wrong_end(state)
    return "stuck before the end" if stuck else None


def _trace(came_from: dict[State, tuple[State, Label] | None], state: State) -> tuple[str, ...]:
    steps = []
    while (before := came_from[state]) is not None:
        state, label = before
        steps.append(" ".join(map(str, label)))
    return tuple(reversed(steps))
