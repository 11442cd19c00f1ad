"""What an entry's codes state about the whole patient, and from when."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.entry import Coding, Readiness
from recordgate_streams.decider.decide import signals_of
from recordgate_streams.policy.facts import PatientSignal
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
    found = signals_of(coded, SETTINGS, conflict=conflict)
    assert all(one.entry_id == coded.entry_id for one in found)
    return [(one.signal, one.at) for one in found]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), []),
        (("unlisted",), []),
        (("both",), [Signal.PARENTAL, Signal.REVIEW_104]),
        (("106", "both", "106"), [Signal.PARENTAL, Signal.REVIEW_104, Signal.REVIEW_106]),
    ],
)
def test_codes_give_signals(codes: tuple[str, ...], expected: list[Signal]) -> None:
    assert signals(*codes) == [(signal, RECORDED) for signal in expected]
    assert signals(*codes, readiness=Readiness.IN_ERROR) == []


def test_an_entry_in_conflict_asks_for_a_review_but_cancels_none() -> None:
    assert [signal for signal, _ in signals("106", "both", conflict=True)] == [
        Signal.PARENTAL,
        Signal.REVIEW_104,
    ]
    coded = entry(codes=(Coding("any", "106"),))
    assert signals_of(coded, SETTINGS) == (
        PatientSignal(coded.entry_id, Signal.REVIEW_106, RECORDED),
    )


@pytest.mark.parametrize(
    ("recorded_at", "at"), [(RECORDED, RECORDED), (LATER, EXTRACTED), (None, EXTRACTED)]
)
def test_a_signal_counts_from_the_recording_but_no_later_than_the_extraction(
    recorded_at: datetime | None, at: datetime
) -> None:
    assert signals("106", recorded_at=recorded_at) == [(Signal.REVIEW_106, at)]
