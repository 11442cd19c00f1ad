"""Whatever the order, the batches and the pages: both lanes end in the decisions of the whole history at once.

Random histories as for the auditor's model. What reads bodies is replaced by what the history says of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest

from recordgate_audit.histories.cases import Case, cases
from recordgate_runtime.kafka import Record
from recordgate_schemas import codec
from recordgate_schemas.control import Died
from recordgate_schemas.messages import Release, Retract, TaskClosed, TaskOpened
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_streams.decider.history import (
    ControlSaid,
    EntryArrived,
    Event,
    decide_history,
    take_in,
    tasks_of,
)
from recordgate_streams.golden.scenario import parse_events
from recordgate_streams.lanes import entries as entries_lane
from recordgate_streams.lanes import outcome
from recordgate_streams.lanes.lane import Lane
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import Ruleset
from tests.reference.compare import production_ruleset
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, control
from tests.support.clock import FrozenClock
from tests.support.ledger import Ledger

HISTORIES = 60
SEEDS = (11, 12, 13)
Dealt = Mapping[tuple[str, str], tuple[Any, ...]]


@pytest.fixture(autouse=True)
def _bodies_say_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_lane, "body_lies", lambda entry: json.loads(entry.body)["lies"])
    monkeypatch.setattr(outcome, "redact", lambda _entry, _body, *dropped: _text(*dropped))


def _text(kinds: Iterable[str], pointers: Iterable[str]) -> bytes:
    """What is dropped, in place of the body without it."""
    return json.dumps([sorted(kinds), sorted(pointers)]).encode()


@pytest.mark.parametrize("seed", SEEDS)
def test_lanes_end_where_the_whole_history_ends(ledger_dsn: str, seed: int) -> None:
    rng = Random(seed)
    rules: dict[int, Ruleset] = {}
    for number, case in enumerate(cases(seed, HISTORIES)):
        ruleset = rules.setdefault(id(case.ruleset), production_ruleset(case.ruleset))
        events = [_without_hint(event) for event in case.events]
        expected = decide_history(parse_events(events), ruleset, case.now)
        ledger = Ledger(ledger_dsn, ruleset)
        try:
            ledger.clock = FrozenClock(case.now)
            ledger.page_entries = rng.choice((1, 2, 500))
            ledger.restart()
            _replay(ledger, parse_events(events), rng)
            context = f"seed {seed}, history {number}"
            assert _dealt(expected) == _in_force(ledger), context
            assert _shown(expected) == _view(ledger), context
            assert _asked(parse_events(events), ruleset, case) == _open_tasks(ledger), context
        finally:
            ledger.close()


def _without_hint(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "text_hint"}


def _replay(ledger: Ledger, events: Sequence[Event], rng: Random) -> None:
    """Publish entries in their order and controls by position, in random batches, the two lanes in any interleaving."""
    controls = sorted(
        (e for e in events if isinstance(e, ControlSaid)), key=lambda said: said.position
    )
    waiting = {
        CONTROLS.name: list(_control_records(ledger, controls)),
        ENTRIES.name: [_entry_record(ledger, e) for e in events if isinstance(e, EntryArrived)],
    }
    lanes: dict[str, Lane] = {CONTROLS.name: ledger.controls, ENTRIES.name: ledger.entries}
    while any(waiting.values()):
        topic = rng.choice([name for name, records in waiting.items() if records])
        size = rng.choice((1, 1, 2, 5))
        batch, waiting[topic] = waiting[topic][:size], waiting[topic][size:]
        lanes[topic].process_batch(batch)


def _control_records(ledger: Ledger, controls: Sequence[ControlSaid]) -> Iterator[Record]:
    """One record a position; positions nobody speaks at belong to another patient."""
    by_position = {said.position: said for said in controls}
    for position in range(max(by_position, default=-1) + 1):
        said = by_position.get(position)
        if said is None:
            filler = replace(control(Died(None)), nhs_number=OTHER_NUMBER)
            yield ledger.record(CONTROLS, filler)
        elif said.control is None:
            yield _at(ledger.raw(CONTROLS, b"junk", NHS_NUMBER.digits.encode()), said.at)
        else:
            yield _at(ledger.record(CONTROLS, said.control), said.at)


def _entry_record(ledger: Ledger, arrived: EntryArrived) -> Record:
    body = json.dumps({"lies": arrived.body_lies}).encode()
    entry = replace(arrived.entry, body=body)
    return ledger.raw(ENTRIES, codec.encode(ENTRIES, entry), NHS_NUMBER.digits.encode())


def _at(record: Record, at: datetime) -> Record:
    return replace(record, timestamp_ms=int(at.timestamp() * 1000))


def _dealt(expected: Mapping[Any, Decision]) -> Dealt:
    return {
        place: (d.outcome.value, d.headline and d.headline.value) for place, d in expected.items()
    }


def _in_force(ledger: Ledger) -> Dealt:
    rows = ledger.owner.execute(
        "select entry_id, audience, outcome, headline from current_decision"
    )
    return {(entry_id, audience): tuple(rest) for entry_id, audience, *rest in rows}


def _shown(expected: Mapping[Any, Decision]) -> dict[tuple[str, str], bytes]:
    return {place: _text(d.drop, d.pointers) for place, d in expected.items() if d.released}


def _view(ledger: Ledger) -> dict[tuple[str, str], bytes]:
    """What the messages, in their order, leave in a view, with what is dropped of each."""
    shown: dict[tuple[str, str], bytes] = {}
    for message in ledger.broker.messages():
        change = message.change
        if isinstance(change, Release):
            shown[change.entry_id, change.audience] = change.body
        elif isinstance(change, Retract):
            shown.pop((change.entry_id, change.audience), None)
    return shown


def _asked(events: Sequence[Event], ruleset: Ruleset, case: Case) -> set[Any]:
    """The tasks of the whole history, once somebody can be found to do them."""
    tasks = tasks_of(events, ruleset, case.now)
    known = take_in(events, ruleset).facts.current_registration() is not None
    return {
        (task.reason, task.audience, task.entry_id)
        for task in tasks
        if ruleset.reasons[task.reason].task is not None and (known or task.entry_id is not None)
    }


def _open_tasks(ledger: Ledger) -> set[Any]:
    open_now: set[Any] = set()
    for message in ledger.broker.messages("held"):
        change = message.change
        if isinstance(change, TaskOpened | TaskClosed):
            task = (change.reason, change.audience, change.entry_id)
            (open_now.add if isinstance(change, TaskOpened) else open_now.discard)(task)
    return open_now
