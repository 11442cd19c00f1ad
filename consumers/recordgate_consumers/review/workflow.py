"""The workflow of a work item (a hold or a task) as one table: who may move it from which state to which, and when.

Whatever is not in the table is refused. Two things are computed and never stored: an item is *leased* while its lease
lasts, and *overdue* once its due date is past. Page: docs/reference/review-workflow.md, made from this table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class What(StrEnum):
    """What a work item is: an entry that waits for a decision, or other work."""

    HOLD = "hold"
    TASK = "task"


class State(StrEnum):
    """Where a work item is. Every one but `closed` has a queue, an owner and a due date."""

    OPEN = "open"
    WAITING = "waiting"
    SECOND_OPINION = "second_opinion"
    DISAGREEMENT = "disagreement"
    DECIDED = "decided"
    CLOSED = "closed"


IN_QUEUE = (State.OPEN, State.SECOND_OPINION, State.DISAGREEMENT)
"""States in which a person can take an item up."""


class Action(StrEnum):
    """What a reviewer does with an item that is leased to them; an undo needs no lease."""

    RELEASE = "release"
    RELEASE_WITHOUT = "release_without"
    WITHHOLD = "withhold"
    WAIT = "wait"
    ASK_CLINICIAN = "ask_clinician"
    SECOND_OPINION = "ask_second_opinion"
    NOT_MINE = "not_mine"
    DONE = "done"
    UNDO = "undo"


class Fact(StrEnum):
    """What moves an item whoever has it.

    `wake`: its wait is over. `change`, `close`: the decider has published something about it. `unanswered`: the decider
    has published nothing an hour after an outcome was sent, because the outcome did not count.
    """

    WAKE = "wake"
    CHANGE = "change"
    CLOSE = "close"
    UNANSWERED = "unanswered"


RELEASES = (Action.RELEASE, Action.RELEASE_WITHOUT)
"""Outcomes that open an entry, in full or with whole elements left out."""

OUTCOMES = (*RELEASES, Action.WITHHOLD)
"""Decisions about an entry; they reach the decider as a Reviewed control."""


class When(StrEnum):
    """What distinguishes the moves of one action from one state."""

    ALWAYS = ""
    ALONE = "one person may decide it"
    TWO = "a second person has to agree"
    AGREES = "the second person decides the same"
    DIFFERS = "the second person decides otherwise"
    IN_TIME = "its outcome has not been taken to be sent"


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table."""

    action: Action | Fact
    come_from: State
    to: State
    when: When = When.ALWAYS
    about: tuple[What, ...] = (What.HOLD,)


_BOTH = (What.HOLD, What.TASK)


def _outcome(action: Action) -> tuple[Move, ...]:
    return (
        Move(action, State.OPEN, State.DECIDED, When.ALONE),
        Move(action, State.SECOND_OPINION, State.DECIDED, When.AGREES),
        Move(action, State.SECOND_OPINION, State.DISAGREEMENT, When.DIFFERS),
        Move(action, State.DISAGREEMENT, State.DECIDED),
    )


def _stays(action: Action, states: Iterable[State]) -> tuple[Move, ...]:
    return tuple(Move(action, state, state, about=_BOTH) for state in states)


MOVES: tuple[Move, ...] = (
    *(move for action in OUTCOMES for move in _outcome(action)),
    *(Move(one, State.OPEN, State.SECOND_OPINION, When.TWO) for one in RELEASES),
    Move(Action.SECOND_OPINION, State.OPEN, State.SECOND_OPINION),
    Move(Action.DONE, State.OPEN, State.DECIDED, about=(What.TASK,)),
    Move(Action.WAIT, State.OPEN, State.WAITING, about=_BOTH),
    *_stays(Action.ASK_CLINICIAN, IN_QUEUE),
    *_stays(Action.NOT_MINE, IN_QUEUE),
    Move(Action.UNDO, State.DECIDED, State.OPEN, When.IN_TIME),
    Move(Fact.UNANSWERED, State.DECIDED, State.OPEN),
    Move(Fact.WAKE, State.WAITING, State.OPEN, about=_BOTH),
    *(Move(Fact.CHANGE, state, State.OPEN, about=_BOTH) for state in State),
    *(Move(Fact.CLOSE, state, State.CLOSED, about=_BOTH) for state in State),
)
"""The workflow. A new state or action is a line here, and the page and the tests of totality follow."""


def move(what: What, state: State, action: Action | Fact, when: When) -> Move | None:
    """Return the move that an action makes from a state; None when the workflow has none."""
    found = [
        one
        for one in MOVES
        if (one.action, one.come_from) == (action, state)
        and what in one.about
        and one.when in (When.ALWAYS, When.IN_TIME, when)
    ]
    return found[0] if found else None


def diagram() -> str:
    """Return the workflow as a Mermaid state diagram, one arrow for each pair of states."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for one in MOVES:
        if one.come_from is not one.to:
            actions = arrows.setdefault((one.come_from, one.to), [])
            if one.action not in actions:
                actions.append(one.action)
    lines = ["stateDiagram-v2", "    [*] --> open"]
    lines += [f"    {a} --> {b}: {', '.join(actions)}" for (a, b), actions in arrows.items()]
    return "\n".join(lines)
