"""Runs a golden case in memory, by the pure function."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ElementKind
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.bodies.hints import find_hint
from recordgate_streams.decider.accept import body_lies
from recordgate_streams.decider.history import (
    ControlSaid,
    EntryArrived,
    Event,
    decide_history,
    tasks_of,
)
from recordgate_streams.decider.routing import held_for, route
from recordgate_streams.decider.rule_change import after_rule_change
from recordgate_streams.decider.tasks import entry_tasks
from recordgate_streams.golden.cases import Case
from recordgate_streams.golden.instants import before
from recordgate_streams.golden.rules import rules_of
from recordgate_streams.golden.state import Decided, Key, OpenTask, Shown, State
from recordgate_streams.golden.told import Message, tell
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import Ruleset

PATIENT = NhsNumber.parse("9990000018")
Decisions = Mapping[Key, Decision]
Known = tuple[State, Decisions]


def run(case: Case, now: datetime, base: Ruleset | None = None) -> tuple[State, State]:
    """Return what is known before and after what comes `then`, under the shipped ruleset or another one."""
    first, then = _run(case, now, base)
    return first[0], then[0]


def decisions_of(case: Case, now: datetime) -> Iterator[Decision]:
    """Yield every decision that a case comes to, before and after what comes `then`."""
    for _, decisions in _run(case, now):
        yield from decisions.values()


def _run(case: Case, now: datetime, base: Ruleset | None = None) -> tuple[Known, Known]:
    rules = rules_of(case.rules, base)
    then_rules = rules_of(case.then_rules or case.rules, base)
    number = NhsNumber(case.nhs_number) if case.nhs_number else PATIENT
    told = tell(case, now, number, rules.hash)
    earlier = before(now, case.waits) if case.waits else now
    first = _state(told.first, rules, (earlier, now), {})
    return first, _state(told.everything, then_rules, (now, now), first[1])


def _state(
    messages: Sequence[Message], rules: Ruleset, times: tuple[datetime, datetime], known: Decisions
) -> Known:
    """`times`: when it is looked at, and when everything was received."""
    now, received = times
    events = list(_events(messages, rules, received))
    decisions = {
        key: after_rule_change(decision, released_under=_released_under(known.get(key)))
        for key, decision in decide_history(events, rules, now).items()
    }
    held = {k: held_for(d) for k, d in decisions.items() if d.outcome is Outcome.HELD}
    versions = _versions(events)
    visible = {k: Shown(versions[k[0]], _dropped(d)) for k, d in decisions.items() if d.released}
    was_visible = {key for key, decision in known.items() if decision.released}
    state = State(
        decisions={
            k: Decided(d.outcome, _reasons(d), (versions[k[0]], d)) for k, d in decisions.items()
        },
        visible=visible,
        holds={key: route(reasons, rules.reasons) for key, reasons in held.items()},
        tasks=_tasks(events, decisions, rules, now),
        history={k: tuple(_outcomes(known.get(k), d)) for k, d in decisions.items()},
        tombstones=frozenset(was_visible - visible.keys()) & decisions.keys(),
        approval_above=rules.activation.most_disappear,
        quarantined=len(events) < len(messages),
    )
    return state, decisions


def _events(messages: Sequence[Message], rules: Ruleset, at: datetime) -> Iterator[Event]:
    """What was published, as it comes off the wire; what cannot be read from it is left out."""
    for position, message in enumerate(messages):
        topic = CONTROLS if isinstance(message, Control) else ENTRIES
        try:
            read = codec.decode(topic, codec.encode(topic, message))
        except PoisonError:
            continue
        if isinstance(read, Control):
            yield ControlSaid(at, position, read)
        else:
            hint = find_hint(rules.settings.hint_phrases, read.body)
            yield EntryArrived(at, read, body_lies(read), hint)


def _versions(events: Sequence[Event]) -> dict[EntryId, int]:
    """The highest version of each entry: the one that is decided."""
    arrived = [event.entry for event in events if isinstance(event, EntryArrived)]
    return {e.entry_id: e.version for e in sorted(arrived, key=lambda entry: entry.version)}


def _released_under(known: Decision | None) -> str | None:
    return known.ruleset if known is not None and known.released else None


def _reasons(decision: Decision) -> frozenset[Reason]:
    return frozenset(objection.reason for objection in decision.objections)


def _dropped(decision: Decision) -> frozenset[ElementKind]:
    return decision.drop | (frozenset({ElementKind.CHILD}) if decision.pointers else frozenset())


def _outcomes(known: Decision | None, decision: Decision) -> Iterator[Outcome]:
    if known is not None and known != decision:
        yield known.outcome
    yield decision.outcome


def _tasks(
    events: Sequence[Event], decisions: Decisions, rules: Ruleset, now: datetime
) -> frozenset[OpenTask]:
    found = set(tasks_of(events, rules, now))
    for (entry_id, _), decision in decisions.items():
        found |= entry_tasks(decision, entry_id)
    kinds = {task: rules.reasons[task.reason].task for task in found}
    return frozenset(
        OpenTask(task.reason, task.audience, task.entry_id or "", kind)
        for task, kind in kinds.items()
        if kind is not None
    )
