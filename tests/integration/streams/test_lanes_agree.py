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

from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.control import Died
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import Release, Retract, TaskClosed, TaskOpened
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.decider.history import Event, decide_history
from recordgate_streams.decider.record import AcceptedEntry, ControlEvent
from recordgate_streams.lanes.lane import Lane
from recordgate_streams.ledger.account import recount
from recordgate_streams.policy.decision import Decision
from recordgate_streams.ruleset import Ruleset
from tests.histories.cases import cases
from tests.reference.compare import production_ruleset
from tests.support.builders import NHS_NUMBER, OTHER_NUMBER, control
from tests.support.clock import FrozenClock
from tests.support.events import parse_events
from tests.support.ledger import PARTITION, Ledger

HISTORIES = 60
SEEDS = (11, 12, 13)
Outcomes = Mapping[tuple[str, str], tuple[Any, ...]]


class HistoryBodies(BodyReader):
    """Reads bodies that state themselves whether they mismatch; redaction gives the list of what it drops."""

    def mismatch(self, entry: ClinicalEntry) -> bool:
        return bool(json.loads(entry.body)["mismatch"])

    def redact(
        self,
        entry: ClinicalEntry,  # noqa: ARG002
        body: bytes,  # noqa: ARG002
        drop: Iterable[str],
        pointers: Iterable[str],
    ) -> bytes:
        return _text(drop, pointers)


def _text(kinds: Iterable[str], pointers: Iterable[str]) -> bytes:
    """What is dropped, in place of the body without it."""
    return json.dumps([sorted(kinds), sorted(pointers)]).encode()


@pytest.mark.parametrize("seed", SEEDS)
def test_lanes_end_where_the_whole_history_ends(ledger_dsn: str, seed: int) -> None:
    rng = Random(seed)
    rules: dict[int, Ruleset] = {}
    for number, case in enumerate(cases(seed, HISTORIES)):
        ruleset = rules.setdefault(id(case.ruleset), production_ruleset(case.ruleset))
        events = [_as_it_arrives(event, case.now) for event in case.events]
        expected = decide_history(parse_events(events), ruleset, case.now)
        ledger = Ledger(ledger_dsn, ruleset, HistoryBodies())
        try:
            ledger.clock = FrozenClock(case.now)
            ledger.page_entries = rng.choice((1, 2, 500))
            ledger.restart()
            _replay(ledger, parse_events(events), rng)
            context = f"seed {seed}, history {number}"
            assert _outcomes(expected.decisions) == _in_force(ledger), context
            assert recount(ledger.owner) == [], context
            assert ledger.account().unaccounted == 0, context
            assert _shown(expected.decisions) == _view(ledger), context
            tasks = {(task.reason, task.audience, task.entry_id) for task in expected.tasks}
            assert tasks == _open_tasks(ledger), context
        finally:
            ledger.close()


def _as_it_arrives(event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Without a hint of what its text holds, and not from the future: the lanes would set such an entry aside."""
    kept = {name: value for name, value in event.items() if name != "text_hint"}
    if "entry" in kept:
        extracted = datetime.fromisoformat(kept["entry"]["extracted_at"])
        kept["entry"] = kept["entry"] | {"extracted_at": min(extracted, now).isoformat()}
    return kept


def _replay(ledger: Ledger, events: Sequence[Event], rng: Random) -> None:
    """Publish entries in their order and controls by position, in random batches, the two lanes in any interleaving."""
    controls = sorted(
        (e for e in events if isinstance(e, ControlEvent)), key=lambda event: event.position
    )
    waiting = {
        CONTROLS.name: list(_control_records(ledger, controls)),
        ENTRIES.name: [_entry_record(ledger, e) for e in events if isinstance(e, AcceptedEntry)],
    }
    lanes: dict[str, Lane] = {CONTROLS.name: ledger.controls, ENTRIES.name: ledger.entries}
    while any(waiting.values()):
        topic = rng.choice([name for name, records in waiting.items() if records])
        size = rng.choice((1, 1, 2, 5))
        batch, waiting[topic] = waiting[topic][:size], waiting[topic][size:]
        lanes[topic].process_batch(batch)
    while ledger.owner.execute("select 1 from redecision limit 1").fetchone():
        ledger.controls.tick([PARTITION])


def _control_records(ledger: Ledger, controls: Sequence[ControlEvent]) -> Iterator[Record]:
    """One record per position; a position without a control of the history belongs to another patient."""
    by_position = {event.position: event for event in controls}
    for position in range(max(by_position, default=-1) + 1):
        event = by_position.get(position)
        if event is None:
            filler = replace(control(Died(None)), nhs_number=OTHER_NUMBER)
            yield ledger.record(CONTROLS, filler)
        elif event.control is None:
            yield _at(ledger.raw(CONTROLS, b"junk", NHS_NUMBER.digits.encode()), event.received_at)
        else:
            yield _at(ledger.record(CONTROLS, event.control), event.received_at)


def _entry_record(ledger: Ledger, arrived: AcceptedEntry) -> Record:
    body = json.dumps({"mismatch": arrived.integrity.body_mismatch}).encode()
    entry = replace(arrived.entry, body=body)
    record = ledger.raw(ENTRIES, codec.encode(ENTRIES, entry), NHS_NUMBER.digits.encode())
    return _at(record, ledger.clock.now())


def _at(record: Record, at: datetime) -> Record:
    return replace(record, timestamp_ms=int(at.timestamp() * 1000))


def _outcomes(expected: Mapping[Any, Decision]) -> Outcomes:
    return {
        place: (d.outcome.value, d.headline and d.headline.value) for place, d in expected.items()
    }


def _in_force(ledger: Ledger) -> Outcomes:
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


def _open_tasks(ledger: Ledger) -> set[Any]:
    open_now: set[Any] = set()
    for message in ledger.broker.messages("held"):
        change = message.change
        if isinstance(change, TaskOpened | TaskClosed):
            task = (change.reason, change.audience, change.entry_id)
            (open_now.add if isinstance(change, TaskOpened) else open_now.discard)(task)
    return open_now
