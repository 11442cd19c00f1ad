"""What a golden case came to in a real ledger: read from its tables and from the messages it published."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import psycopg

from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.messages import HoldOpened, Release, Retract, TaskClosed, TaskOpened
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.decider.routing import Route
from recordgate_streams.golden.cases import Case
from recordgate_streams.golden.messages import ATTACHMENT, CHILDREN, FREE_TEXT, Message
from recordgate_streams.golden.state import Decided, Key, OpenTask, Shown, State
from recordgate_streams.ruleset import Ruleset
from tests.support.ledger import Ledger

DECISIONS = """
  select entry_id, audience, outcome, reasons from decision
  where nhs_number = %s order by decision_id
"""
IN_FORCE = "select entry_id, audience, outcome from current_decision where nhs_number = %s"
Decisions = tuple[dict[Key, Decided], dict[Key, tuple[Outcome, ...]]]
Bodies = Mapping[tuple[str, int], bytes]


def decisions_of(ledger: psycopg.Connection, number: NhsNumber) -> Decisions:
    """Return the decisions in force, and every outcome there ever was."""
    newest: dict[Key, Decided] = {}
    history: dict[Key, tuple[Outcome, ...]] = {}
    for entry_id, audience, outcome, reasons in ledger.execute(DECISIONS, (number.digits,)):
        key = (EntryId(entry_id), Audience(audience))
        given = frozenset(Reason(one["reason"]) for one in reasons)
        history[key] = (*history.get(key, ()), Outcome(outcome))
        newest[key] = Decided(Outcome(outcome), given, identity=len(history[key]))
    in_force = ledger.execute(IN_FORCE, (number.digits,)).fetchall()
    assert {(e, a): d.outcome for (e, a), d in newest.items()} == {
        (e, a): o for e, a, o in in_force
    }
    return newest, history


def bodies_of(told: Iterable[Message]) -> Bodies:
    """Return the whole bodies that were published, by entry and version."""
    entries = [message for message in told if isinstance(message, ClinicalEntry)]
    return {(entry.entry_id, entry.version): entry.body for entry in entries}


def dropped_from(full: bytes, shown: bytes) -> frozenset[ElementKind]:
    """Return the kinds of elements that one of our bodies has lost."""
    before, after = json.loads(full), json.loads(shown)
    lost = {field for field in before if before[field] != after.get(field)}
    kinds = {
        FREE_TEXT: ElementKind.FREE_TEXT,
        ATTACHMENT: ElementKind.ATTACHMENT,
        CHILDREN: ElementKind.CHILD,
    }
    return frozenset(kinds[field] for field in lost)


class LedgerRun:
    """Runs a golden case through the decider's two lanes, under any rules, with a clock that can be set."""

    def __init__(self, ledger: Ledger, number: NhsNumber) -> None:
        self._ledger = ledger
        self._number = number
        self._told: list[Message] = []

    def tell(self, messages: Iterable[Message]) -> None:
        """Publish messages, one after the other."""
        for message in messages:
            self._told.append(message)
            if isinstance(message, ClinicalEntry):
                self._ledger.publish(message)
            else:
                self._ledger.say(message)

    def state(self, rules: Ruleset) -> State:
        """Return what is known now."""
        decisions, history = decisions_of(self._ledger.owner, self._number)
        visible, tombstones = self._view(self._ledger.clock.now())
        holds, tasks = self._work()
        return State(
            decisions=decisions,
            visible=visible,
            holds=holds,
            tasks=tasks,
            history=history,
            tombstones=tombstones,
            approval_above=rules.activation.most_disappear,
            quarantined=self._count("select count(*) from quarantine") > 0,
        )

    def _view(self, now: datetime) -> tuple[dict[Key, Shown], frozenset[Key]]:
        full = bodies_of(self._told)
        visible: dict[Key, Shown] = {}
        retracted: set[Key] = set()
        for message in self._ledger.broker.messages("released"):
            change = message.change
            if isinstance(change, Release):
                key, whole = (
                    (change.entry_id, change.audience),
                    full[change.entry_id, change.version],
                )
                visible[key] = Shown(change.version, dropped_from(whole, change.body))
                if change.valid_until is not None and change.valid_until <= now:
                    del visible[key]
            elif isinstance(change, Retract):
                visible.pop((change.entry_id, change.audience), None)
                retracted.add((change.entry_id, change.audience))
        return visible, frozenset(retracted - visible.keys())

    def _work(self) -> tuple[dict[Key, Route], frozenset[OpenTask]]:
        holds: dict[Key, Route] = {}
        tasks: dict[tuple[Any, ...], OpenTask] = {}
        for message in self._ledger.broker.messages("held"):
            change = message.change
            about = (change.entry_id, change.audience)
            if isinstance(change, HoldOpened):
                holds[about] = Route(change.queue, change.hide_first, change.bulk_release)
            elif isinstance(change, TaskOpened):
                reason, audience, entry_id = Reason(change.reason), change.audience, change.entry_id
                task = OpenTask(reason, audience, entry_id or "", change.kind)
                tasks[change.reason, *about] = task
            elif isinstance(change, TaskClosed):
                del tasks[change.reason, *about]
            else:
                holds.pop(about, None)
        return holds, frozenset(tasks.values())

    def _count(self, query: str) -> int:
        row = self._ledger.owner.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])


def needs_own_ledger(case: Case) -> bool:
    """True for cases that a running product cannot be put into: other rules, and time that has to pass."""
    return bool(case.rules or case.then_rules or case.waits)
