"""Of what was said of an entry the latest counts, in any order of arrival; a release must have seen what it lifts."""

from datetime import UTC, datetime, timedelta

import pytest

from recordgate_schemas.control import ReviewAction
from recordgate_schemas.values import SELF
from recordgate_streams.policy.facts import Course, Switch
from tests.support.builders import POSITION, marks, reviewed

AT = datetime(2025, 1, 1, tzinfo=UTC)
LATER, LATEST = AT + timedelta(days=1), AT + timedelta(days=2)


def test_a_switch_keeps_the_latest_word_of_either_kind() -> None:
    on_last = Switch().set(LATEST, on=True).set(AT, on=True).set(LATER, on=False)
    off_last = Switch().set(LATEST, on=False).set(AT, on=False).set(LATER, on=True)
    assert (on_last, on_last.is_on) == (Switch(LATEST, LATER), True)
    assert (off_last, off_last.is_on) == (Switch(LATER, LATEST), False)


def test_a_course_is_off_again_from_the_first_time_after_the_latest_on() -> None:
    declined = Course().say(AT, on=True).say(AT, on=False)
    assert (declined.is_on, declined.on_since, declined.off_since) == (True, AT, None)
    again = declined.say(LATEST, on=False).say(LATER, on=False)
    assert (again.is_on, again.on_since, again.off_since) == (False, None, LATER)
    assert (Course().is_on, Course().off_since) == (False, None)


@pytest.mark.parametrize("action", ReviewAction)
def test_a_reviewers_later_outcome_replaces_the_earlier_in_either_order(
    action: ReviewAction,
) -> None:
    said = [(reviewed("COURT", action=action), AT), (reviewed("CONF", action=action), LATER)]
    for order in (said, said[::-1]):
        (review,) = marks(*order).reviews
        assert (review.at, review.reasons) == (LATER, ("CONF",))


def test_of_two_outcomes_of_one_kind_at_one_instant_the_same_stands_in_either_order() -> None:
    said = [(reviewed("COURT"), AT), (reviewed("CONF"), AT)]
    assert marks(*said) == marks(*said[::-1])


@pytest.mark.parametrize(
    ("seen_up_to", "in_force"),
    [
        (POSITION - 1, ReviewAction.WITHHOLD),
        (POSITION, ReviewAction.RELEASE),
        (POSITION + 1, ReviewAction.RELEASE),
    ],
)
def test_a_release_lifts_a_withholding_that_its_reviewer_had_seen(
    seen_up_to: int, in_force: ReviewAction
) -> None:
    withheld = reviewed(action=ReviewAction.WITHHOLD), AT
    released = reviewed(control_position=seen_up_to), LATER
    review = marks(withheld, released).review_for(SELF, lambda _: True)
    assert review is not None
    assert review.action is in_force
