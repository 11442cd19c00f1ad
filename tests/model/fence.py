"""The fence rule of docs/architecture.md, "The view: three independent locks", as a machine of small steps.

One patient with two entries. Five actors take turns in every possible way: the gate lane; the decider's entries lane
and its controls lane, which decides again one entry a step; the publisher, which may let a message overtake the one
before it, or crash and send a tail of what it sent again; the view sink. `explore` walks every reachable state.

Safety:   what is visible is permitted under some run of controls at least as long as the one the gate has applied.
Liveness: once everybody has nothing left to do, what is visible is exactly what is permitted under all controls.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["suspend", "resume", "hide", "show", "level"]


class Control(NamedTuple):
    """`about`: the entry hidden or shown, or the level set."""

    kind: Kind
    about: int = 0


class Message(NamedTuple):
    """A release or retraction of `entry`, or (entry None) a marker that all was decided through `under`."""

    sequence: int
    entry: int | None
    shown: bool
    under: int


class Row(NamedTuple):
    """What the view holds of an entry."""

    sequence: int = -1
    shown: bool = False
    under: int = -1


class Gate(NamedTuple):
    """The view's gate, after `applied` controls."""

    applied: int = 0
    fence: int = -1
    closed: bool = False
    entry_fences: tuple[int, ...] = (-1, -1)


class Decider(NamedTuple):
    """The ledger: controls applied, entries accepted, current outcomes, the page a re-decision stands at."""

    applied: int = 0
    accepted: frozenset[int] = frozenset()
    outcomes: tuple[bool | None, ...] = (None, None)
    next_sequence: int = 0
    page: int | None = None


class Topic(NamedTuple):
    """What waits to be sent, what was sent, and the faults that may still happen."""

    unsent: tuple[Message, ...] = ()
    log: tuple[Message, ...] = ()
    overtakings: int = 0
    crashes: int = 0


class View(NamedTuple):
    """The view sink's side: `complete` is the first sequence number missing, `beyond` those seen above it."""

    read: int = 0
    rows: tuple[Row, ...] = (Row(), Row())
    through: int = -1
    complete: int = 0
    beyond: frozenset[int] = frozenset()
    waiting: frozenset[Message] = frozenset()


class State(NamedTuple):
    """Everything at one moment."""

    gate: Gate
    decider: Decider
    topic: Topic
    view: View


@dataclass(frozen=True, slots=True)
class Scenario:
    """Controls in the order of their positions, the level each entry needs, and how much may go wrong."""

    controls: tuple[Control, ...]
    needs: tuple[int, ...] = (0, 1)
    overtakings: int = 0
    crashes: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """The load-bearing rules; a test takes each away and expects a leak."""

    markers_wait: bool = True
    controls_fence: bool = True
    hides_fence: bool = True


def permits(controls: tuple[Control, ...], entry: int, need: int) -> bool:
    """What the policy says of an entry under a run of controls."""
    suspended, hidden, level = False, False, 1
    for kind, about in controls:
        if kind in ("suspend", "resume"):
            suspended = kind == "suspend"
        elif kind == "level":
            level = about
        elif about == entry:
            hidden = kind == "hide"
    return not suspended and not hidden and need <= level


def visible(state: State, entry: int) -> bool:
    """The read predicate."""
    row, gate = state.view.rows[entry], state.gate
    fence = max(gate.fence, gate.entry_fences[entry])
    return row.shown and not gate.closed and max(row.under, state.view.through) >= fence


def explore(scenario: Scenario, rules: Rules = Rules()) -> str | None:
    """Visit every reachable state; return the first broken promise, or None."""
    start = State(Gate(), Decider(), Topic((), (), scenario.overtakings, scenario.crashes), View())
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        if broken := _broken_promise(state, scenario):
            return broken
        for following in _steps(state, scenario, rules):
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return None


def _broken_promise(state: State, scenario: Scenario) -> str | None:
    controls = scenario.controls
    settled = _is_settled(state, scenario)
    for entry, need in enumerate(scenario.needs):
        shown = visible(state, entry)
        runs = range(state.gate.applied, len(controls) + 1)
        if shown and not any(permits(controls[:run], entry, need) for run in runs):
            return f"leak: entry {entry} in {state}"
        if settled and shown != permits(controls, entry, need):
            return f"wrong at the end: entry {entry} in {state}"
    return None


def _is_settled(state: State, scenario: Scenario) -> bool:
    gate, decider, topic, view = state
    everything = len(scenario.controls)
    return (
        gate.applied == decider.applied == everything
        and len(decider.accepted) == len(scenario.needs)
        and decider.page is None
        and not topic.unsent
        and view.read == len(topic.log)
    )


def _steps(state: State, scenario: Scenario, rules: Rules) -> Iterator[State]:
    gate, decider, topic, view = state
    if gate.applied < len(scenario.controls):
        yield State(_close(gate, scenario.controls[gate.applied], rules), decider, topic, view)
    for decided, said in _decide(decider, scenario):
        yield State(gate, decided, topic._replace(unsent=topic.unsent + said), view)
    for published in _publish(topic):
        yield State(gate, decider, published, view)
    if view.read < len(topic.log):
        yield State(gate, decider, topic, _apply(view, topic.log[view.read], rules))


def _close(gate: Gate, control: Control, rules: Rules) -> Gate:
    """The gate lane applies one control."""
    position, kind = gate.applied, control.kind
    fence, closed, fences = gate.fence, gate.closed, gate.entry_fences
    if kind in ("suspend", "resume"):
        closed = kind == "suspend"
    if kind in ("suspend", "level") and rules.controls_fence:
        fence = position
    if kind == "hide" and rules.hides_fence:
        fences = tuple(position if e == control.about else old for e, old in enumerate(fences))
    return Gate(position + 1, fence, closed, fences)


def _decide(decider: Decider, scenario: Scenario) -> Iterator[tuple[Decider, tuple[Message, ...]]]:
    """The entries lane accepts an entry, also between two pages; or the controls lane goes one step."""
    for entry in range(len(scenario.needs)):
        if entry not in decider.accepted:
            accepting = decider._replace(accepted=decider.accepted | {entry})
            yield _decide_entry(accepting, entry, scenario)
    if decider.page is None:
        if decider.applied < len(scenario.controls):
            yield decider._replace(applied=decider.applied + 1, page=0), ()
    elif decider.page < len(scenario.needs):
        turned = decider._replace(page=decider.page + 1)
        is_known = decider.page in decider.accepted
        yield _decide_entry(turned, decider.page, scenario) if is_known else (turned, ())
    else:
        number = decider.next_sequence
        marker = Message(number, None, shown=False, under=decider.applied - 1)
        yield decider._replace(page=None, next_sequence=number + 1), (marker,)


def _decide_entry(
    decider: Decider, entry: int, scenario: Scenario
) -> tuple[Decider, tuple[Message, ...]]:
    """Decide one entry under the controls known; say so only if the outcome changed."""
    controls = scenario.controls[: decider.applied]
    outcome = permits(controls, entry, scenario.needs[entry])
    if decider.outcomes[entry] == outcome:
        return decider, ()
    number = decider.next_sequence
    outcomes = tuple(outcome if e == entry else old for e, old in enumerate(decider.outcomes))
    said = Message(number, entry, outcome, decider.applied - 1)
    return decider._replace(outcomes=outcomes, next_sequence=number + 1), (said,)


def _publish(topic: Topic) -> Iterator[Topic]:
    """Send the next message; or the one after it first; or crash and have a tail to send again."""
    unsent, log = topic.unsent, topic.log
    if unsent:
        yield topic._replace(unsent=unsent[1:], log=(*log, unsent[0]))
    if len(unsent) > 1 and topic.overtakings:
        yield Topic(
            (unsent[0], *unsent[2:]), (*log, unsent[1]), topic.overtakings - 1, topic.crashes
        )
    if topic.crashes:
        for tail in range(len(log)):
            yield topic._replace(unsent=log[tail:] + unsent, crashes=topic.crashes - 1)


def _apply(view: View, message: Message, rules: Rules) -> View:
    """The view sink applies one message; the newest per entry wins, a marker waits for what is missing below it."""
    rows, waiting = view.rows, view.waiting
    if message.entry is None:
        waiting = waiting | {message}
    elif rows[message.entry].sequence < message.sequence:
        row = Row(message.sequence, message.shown, message.under)
        rows = tuple(row if e == message.entry else old for e, old in enumerate(rows))
    complete, seen = view.complete, view.beyond | {message.sequence}
    while complete in seen:
        complete += 1
    due = {m for m in waiting if m.sequence < complete or not rules.markers_wait}
    through = max([view.through, *(m.under for m in due)])
    beyond = frozenset(number for number in seen if number > complete)
    return View(view.read + 1, rows, through, complete, beyond, waiting - due)
