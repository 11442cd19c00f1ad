"""What is said of one entry: order does not matter, each cause is lifted on its own, withholding wins a tie."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given

from recordgate_schemas.control import HideCause, ReviewAction
from recordgate_schemas.mapping import mapper
from recordgate_schemas.values import SELF
from recordgate_streams.policy.statements import Marks
from tests.support.builders import PARTNER, hidden, marks, reviewed, shown
from tests.support.strategies import entry_changes, said, said_twice

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
Said = list[tuple[Any, datetime]]


@given(said_twice(entry_changes()))
def test_any_order_and_any_repetition_gives_the_same_marks(orders: tuple[Said, Said]) -> None:
    once, shuffled = orders
    assert marks(*once) == marks(*shuffled)


@given(said(entry_changes()))
def test_marks_survive_the_ledgers_json(said: Said) -> None:
    load, dump = mapper(Marks, "json")
    assert dump is not None
    assert marks(*said) == load(json.loads(json.dumps(dump(marks(*said)))))


def test_lifting_one_cause_leaves_the_other_in_force() -> None:
    both = (hidden(HideCause.NOPAT), AT), (hidden(HideCause.IN_ERROR), AT)
    assert marks(*both, (shown(HideCause.NOPAT), LATER)).hidden_for() == (HideCause.IN_ERROR,)


def test_a_hide_and_its_lifting_at_one_instant_leave_the_entry_hidden() -> None:
    assert marks((shown(), AT), (hidden(), AT)).hidden_for() == (HideCause.DO_NOT_DISPLAY,)


def test_a_hide_that_arrives_after_its_later_lifting_hides_nothing() -> None:
    assert marks((shown(), LATER), (hidden(), AT)).hidden_for() == ()


def test_of_two_outcomes_at_one_instant_withholding_stands() -> None:
    said = (reviewed(action=ReviewAction.WITHHOLD), AT), (reviewed(), AT)
    for order in (said, said[::-1]):
        review = marks(*order).review_for(SELF, lambda _: True)
        assert review is not None
        assert ReviewAction.WITHHOLD is review.action


def test_a_review_for_the_patient_is_none_for_a_proxy() -> None:
    assert marks(reviewed()).review_for(PARTNER, lambda _: True) is None
