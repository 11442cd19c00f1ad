"""Statements about one entry: the latest counts in any order of arrival, and of a tie the one that withholds."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given

from recordgate_schemas.control import HideCause, ReviewAction, ReviewGround
from recordgate_schemas.mapping import mapper
from recordgate_schemas.values import SELF
from recordgate_streams.policy.statements import EntryStatements, ReviewStatement
from tests.support.builders import (
    NOW,
    PARTNER,
    POSITION,
    PRACTICE,
    hidden,
    reviewed,
    shown,
    statements,
)
from tests.support.strategies import entry_changes, stated, stated_twice

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)
Stated = list[tuple[Any, datetime]]
WITHHELD = reviewed(action=ReviewAction.WITHHOLD)


def in_force(*changes: tuple[Any, datetime]) -> ReviewStatement | None:
    """The outcome in force for the patient, of reviews of the current content."""
    return statements(*changes).review_for(SELF, PRACTICE, lambda _: True)


@given(stated_twice(entry_changes()))
def test_any_order_and_any_repetition_gives_the_same_statements(
    orders: tuple[Stated, Stated],
) -> None:
    once, shuffled = orders
    assert statements(*once) == statements(*shuffled)


@given(stated(entry_changes()))
def test_statements_survive_the_ledgers_json(changes: Stated) -> None:
    load, dump = mapper(EntryStatements, "json")
    assert dump is not None
    assert statements(*changes) == load(json.loads(json.dumps(dump(statements(*changes)))))


def test_lifting_one_cause_leaves_the_other_in_force() -> None:
    both = (hidden(HideCause.NOPAT), AT), (hidden(HideCause.IN_ERROR), AT)
    lifted = statements(*both, (shown(HideCause.NOPAT), LATER))
    assert lifted.hidden_for(None) == {HideCause.IN_ERROR}


def test_a_hide_and_its_lifting_at_one_instant_leave_the_entry_hidden() -> None:
    stated = statements((shown(), AT), (hidden(), AT))
    assert stated.hidden_for(None) == {HideCause.DO_NOT_DISPLAY}


def test_a_hide_that_arrives_after_its_later_lifting_hides_nothing() -> None:
    assert statements((shown(), LATER), (hidden(), AT)).hidden_for(None) == set()


def test_of_two_outcomes_at_one_instant_withholding_counts() -> None:
    for order in permutations([(WITHHELD, AT), (reviewed(), AT)]):
        review = in_force(*order)
        assert review is not None
        assert review.action is ReviewAction.WITHHOLD


def test_a_review_for_the_patient_is_none_for_a_proxy() -> None:
    assert statements(reviewed()).review_for(PARTNER, PRACTICE, lambda _: True) is None


@pytest.mark.parametrize("action", ReviewAction)
def test_a_reviewers_later_outcome_replaces_the_earlier_in_either_order(
    action: ReviewAction,
) -> None:
    earlier = reviewed("COURT", action=action), AT
    later = reviewed("CONF", action=action), LATER
    for order in permutations([earlier, later]):
        (review,) = statements(*order).reviews
        assert (review.at, review.reasons) == (LATER, ("CONF",))


def test_of_two_outcomes_of_one_kind_at_one_instant_the_same_counts_in_either_order() -> None:
    tie = [(reviewed("COURT"), AT), (reviewed("CONF"), AT)]
    assert statements(*tie) == statements(*tie[::-1])


@pytest.mark.parametrize(
    ("seen_up_to", "action"),
    [
        (POSITION - 1, ReviewAction.WITHHOLD),
        (POSITION, ReviewAction.RELEASE),
        (POSITION + 1, ReviewAction.RELEASE),
    ],
)
def test_a_release_lifts_only_a_withholding_that_its_reviewer_had_seen(
    seen_up_to: int, action: ReviewAction
) -> None:
    review = in_force((WITHHELD, AT), (reviewed(control_position=seen_up_to), LATER))
    assert review is not None
    assert review.action is action


def test_a_release_given_under_another_ruleset_does_not_count_but_a_withholding_does() -> None:
    withheld = reviewed(action=ReviewAction.WITHHOLD, ruleset="another")
    assert statements(reviewed(ruleset="another")) == EntryStatements()
    assert [one.action for one in statements(withheld).reviews] == [ReviewAction.WITHHOLD]


def test_a_withholding_for_serious_harm_counts_only_with_a_clinicians_opinion() -> None:
    harm: Any = {"action": ReviewAction.WITHHOLD, "ground": ReviewGround.SERIOUS_HARM}
    assert statements(reviewed(**harm)) == EntryStatements()
    (review,) = statements(reviewed(**harm, clinician_opinion_on=date(2025, 1, 1))).reviews
    assert review.opinion_on == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        (date(2024, 12, 3), False),  # six months old on the day of the decision
        (date(2024, 12, 4), True),
        (date(2025, 6, 3), True),
        (date(2025, 6, 4), False),  # of a day that had not come
    ],
)
def test_an_opinion_counts_from_its_day_for_six_months_and_a_later_weak_one_takes_no_place(
    given: date, *, counts: bool
) -> None:
    harm: Any = {"action": ReviewAction.WITHHOLD, "ground": ReviewGround.SERIOUS_HARM}
    good = reviewed(**harm, clinician_opinion_on=date(2025, 5, 1))
    second = reviewed(**harm, clinician_opinion_on=given)
    known = statements((good, NOW - timedelta(days=9)), (second, NOW))
    assert [one.opinion_on for one in known.reviews] == [given if counts else date(2025, 5, 1)]


def test_a_day_is_london_s_when_an_opinion_is_looked_at() -> None:
    harm: Any = {"action": ReviewAction.WITHHOLD, "ground": ReviewGround.SERIOUS_HARM}
    late = datetime(2025, 6, 3, 23, 30, tzinfo=UTC)  # the 4th in London
    assert statements((reviewed(**harm, clinician_opinion_on=date(2025, 6, 4)), late)).reviews
