"""Many controls about one patient in one batch end where they end one by one, and ask for the patient once."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    Change,
    Control,
    EntryHidden,
    EntryShown,
    HideCause,
    ProxyUsed,
)
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId, GrantId
from tests.support.builders import NOW, access, control, entry, granted, registered, reviewed
from tests.support.ledger import Ledger

IDS = [EntryId(f"e{n}") for n in range(5)]
STATE = (
    "select facts::text, control_position from patient",
    "select entry_id, marks::text from entry_mark order by 1",
    "select entry_id, audience, outcome, headline from current_decision order by 1, 2",
)


def changes(rng: Random) -> Change:
    some = tuple(rng.sample(IDS, 2))
    made: list[Change] = [
        access(),
        AccessDeclined(),
        AccessOptedIn(),
        EntryHidden(rng.choice(IDS), some, HideCause.NOPAT),
        EntryShown(rng.choice(IDS), HideCause.NOPAT),
        ProxyUsed(GrantId(f"g{rng.randrange(9)}")),
        replace(granted(), grant_id=GrantId(f"g{rng.randrange(9)}")),
        reviewed(entry_id=rng.choice(IDS)),
    ]
    return rng.choice(made)


def controls(seed: int, count: int) -> list[Control]:
    rng = Random(seed)
    return [
        replace(control(changes(rng)), effective_at=NOW - timedelta(minutes=rng.randrange(500)))
        for _ in range(count)
    ]


def test_one_batch_of_many_ends_where_they_end_one_by_one(ledger_dsn: str) -> None:
    for seed in range(4):
        sent = controls(seed, 60)
        assert _end(ledger_dsn, sent, size=1) == _end(ledger_dsn, sent, size=60), f"seed {seed}"


def test_a_batch_asks_once_for_each_patient(ledger: Ledger) -> None:
    ledger.say(registered(), access())
    before = len(ledger.markers())
    ledger.say(*controls(7, 200))
    assert len(ledger.markers()) == before + 1


def _end(dsn: str, sent: list[Control], size: int) -> list[Any]:
    """Where the ledger and the view end when the controls come in batches of so many."""
    ledger = Ledger(dsn)
    try:
        ledger.say(registered(), access())
        ledger.publish(*(entry(entry_id=one) for one in IDS))
        records = [ledger.record(CONTROLS, one) for one in sent]
        for begin in range(0, len(records), size):
            ledger.controls.process_batch(records[begin : begin + size])
        state = [ledger.owner.execute(statement.encode()).fetchall() for statement in STATE]
        return [*state, ledger.view(), ledger.markers()[-1]]
    finally:
        ledger.close()
