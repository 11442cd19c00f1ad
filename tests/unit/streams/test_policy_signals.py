"""What an entry's codes say of the whole patient, and from when."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.entry import Coding, Readiness
from recordgate_schemas.values import EntryId
from recordgate_streams.decider.signals import signals_of
from recordgate_streams.policy.facts import Facts, Said
from recordgate_streams.policy.settings import Signal
from tests.support.builders import RECORDED, RULESET, entry

SETTINGS = replace(
    RULESET.settings,
    signals={
        "both": frozenset({Signal.REVIEW_104, Signal.PARENTAL}),
        "106": frozenset({Signal.REVIEW_106}),
    },
)
EXTRACTED = RECORDED + timedelta(hours=1)
LATER = RECORDED + timedelta(hours=2)


def signals(*codes: str, conflict: bool = False, **fields: Any) -> list[tuple[Signal, datetime]]:
    coded = entry(codes=tuple(Coding("any", code) for code in codes), **fields)
    said = signals_of(coded, SETTINGS, conflict=conflict)
    assert all(one.entry_id == coded.entry_id for one in said)
    return [(one.signal, one.at) for one in said]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((), []),
        (("unlisted",), []),
        (("both",), [Signal.PARENTAL, Signal.REVIEW_104]),
        (("106", "both", "106"), [Signal.PARENTAL, Signal.REVIEW_104, Signal.REVIEW_106]),
    ],
)
def test_codes_give_signals(codes: tuple[str, ...], said: list[Signal]) -> None:
    assert signals(*codes) == [(signal, RECORDED) for signal in said]
    assert signals(*codes, readiness=Readiness.IN_ERROR) == []


def test_an_entry_in_conflict_asks_for_a_review_but_cancels_none() -> None:
    assert [signal for signal, _ in signals("106", "both", conflict=True)] == [
        Signal.PARENTAL,
        Signal.REVIEW_104,
    ]
    coded = entry(codes=(Coding("any", "106"),))
    assert signals_of(coded, SETTINGS) == (Said(coded.entry_id, Signal.REVIEW_106, RECORDED),)


@pytest.mark.parametrize(
    ("recorded_at", "at"), [(RECORDED, RECORDED), (LATER, EXTRACTED), (None, EXTRACTED)]
)
def test_a_signal_counts_from_its_recording_but_no_later_than_it_was_read(
    recorded_at: datetime | None, at: datetime
) -> None:
    assert signals("106", recorded_at=recorded_at) == [(Signal.REVIEW_106, at)]


def test_an_entrys_new_signals_replace_its_former_ones_and_no_others() -> None:
    e1, e2 = EntryId("e1"), EntryId("e2")
    former, new = Said(e1, Signal.DECLINED, RECORDED), Said(e1, Signal.PARENTAL, LATER)
    another = Said(e1, Signal.REVIEW_104, LATER)
    others = Said(e2, Signal.DECLINED, RECORDED)
    facts = Facts().with_signals(e2, (others,)).with_signals(e1, (former,))
    assert facts.signals == (former, others)
    assert facts.with_signals(e1, (another, new)).signals == (new, another, others)
    assert facts.with_signals(e1, ()).signals == (others,)
    assert facts.latest(Signal.DECLINED) == RECORDED
    assert facts.latest(Signal.PARENTAL) is None
