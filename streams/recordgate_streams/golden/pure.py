"""Runs a golden case in memory, by the decision core."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ElementKind
from recordgate_schemas.errors import PoisonError
from recordgate_schemas.reasons import Outcome
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import NhsNumber
from recordgate_streams.bodies.check import body_mismatch
from recordgate_streams.bodies.hints import find_hint
from recordgate_streams.decider.decide import PatientDecision, decide_patient
from recordgate_streams.decider.history import Event, record_after
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent, Source
from recordgate_streams.decider.routing import held_for, route
from recordgate_streams.golden.cases import Case
from recordgate_streams.golden.instants import before
from recordgate_streams.golden.messages import Message, messages_of
from recordgate_streams.golden.rules import rules_of
from recordgate_streams.golden.state import Decided, Key, OpenTask, Shown, State
from recordgate_streams.policy.decision import Decision, Integrity
from recordgate_streams.ruleset import Ruleset

PATIENT = NhsNumber.parse("9990000018")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is known at one moment: the picture, and the decisions behind it."""

    state: State
    decided: PatientDecision


def run(case: Case, now: datetime, base: Ruleset | None = None) -> tuple[State, State]:
    """Return what is known before and after what comes `then`, under the shipped ruleset or another one."""
    first, then = _run(case, now, base)
    return first.state, then.state


def decisions_of(case: Case, now: datetime) -> Iterator[Decision]:
    """Yield every decision that a case comes to, before and after what comes `then`."""
    for outcome in _run(case, now):
        yield from outcome.decided.decisions.values()


def _run(case: Case, now: datetime, base: Ruleset | None = None) -> tuple[_Outcome, _Outcome]:
    rules = rules_of(case.rules, base)
    then_rules = rules_of(case.then_rules or case.rules, base)
    number = NhsNumber(case.nhs_number) if case.nhs_number else PATIENT
    published = messages_of(case, now, number, rules.hash)
    earlier = before(now, case.waits) if case.waits else now
    first = _outcome(published.first, rules, (earlier, now), None)
    return first, _outcome(published.everything, then_rules, (now, now), first.decided)


def _outcome(
    messages: Sequence[Message],
    rules: Ruleset,
    times: tuple[datetime, datetime],
    former: PatientDecision | None,
) -> _Outcome:
    """`times`: when it is looked at, and when everything was received. `former`: the decisions in force before."""
    now, received = times
    events = list(_events(messages, rules, received))
    in_force = {k: update.in_force() for k, update in former.updates.items()} if former else {}
    record = replace(record_after(events, rules), in_force=in_force)
    decided = decide_patient(record, rules, now)
    state = _state(decided, former.decisions if former else {}, rules)
    return _Outcome(replace(state, quarantined=len(events) < len(messages)), decided)


def _state(decided: PatientDecision, former: Mapping[Key, Decision], rules: Ruleset) -> State:
    decisions = decided.decisions
    versions = {key: u.accepted.entry.version for key, u in decided.updates.items()}
    held = {k: held_for(d) for k, d in decisions.items() if d.outcome is Outcome.HELD}
    visible = {k: Shown(versions[k], _dropped(d)) for k, d in decisions.items() if d.released}
    was_visible = {key for key, decision in former.items() if decision.released}
    return State(
        decisions={
            k: Decided(d.outcome, frozenset(o.reason for o in d.objections), (versions[k], d))
            for k, d in decisions.items()
        },
        visible=visible,
        holds={key: route(reasons, rules.reasons) for key, reasons in held.items()},
        tasks=frozenset(
            OpenTask(task.reason, task.audience, task.entry_id or "", kind)
            for task in decided.tasks
            if (kind := rules.reasons[task.reason].task) is not None
        ),
        history={k: tuple(_outcomes(former.get(k), d)) for k, d in decisions.items()},
        tombstones=frozenset(was_visible - visible.keys()) & decisions.keys(),
        approval_above=rules.activation.most_disappear,
    )


def _events(messages: Sequence[Message], rules: Ruleset, at: datetime) -> Iterator[Event]:
    """Yield what was published, as it is read from the wire; what cannot be read is left out."""
    for position, message in enumerate(messages):
        topic = CONTROLS if isinstance(message, Control) else ENTRIES
        try:
            read = codec.decode(topic, codec.encode(topic, message))
        except PoisonError:
            continue
        if isinstance(read, Control):
            yield ControlEvent(at, position, read)
        else:
            hint = find_hint(rules.settings.hint_phrases, read.body)
            integrity = Integrity(body_mismatch=body_mismatch(read), text_hint=hint)
            yield AcceptedEntry(read, integrity, Source(0, position, at))


def _dropped(decision: Decision) -> frozenset[ElementKind]:
    return decision.drop | (frozenset({ElementKind.CHILD}) if decision.pointers else frozenset())


def _outcomes(former: Decision | None, decision: Decision) -> Iterator[Outcome]:
    if former is not None and former != decision:
        yield former.outcome
    yield decision.outcome
