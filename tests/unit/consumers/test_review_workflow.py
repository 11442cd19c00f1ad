"""The table of the workflow: every state has an owner and a way out, and whatever is not in it is refused."""

from itertools import product

import pytest

from docs.generate import pages
from recordgate_consumers.review.harm import Harm, harm
from recordgate_consumers.review.workflow import (
    IN_QUEUE,
    MOVES,
    OUTCOMES,
    Action,
    Fact,
    State,
    What,
    When,
    diagram,
    move,
)
from recordgate_schemas.reasons import Reason


@pytest.mark.parametrize("state", sorted(set(State) - {State.CLOSED}))
def test_every_state_can_be_closed_and_opened_again_by_the_decider(state: State) -> None:
    for what in What:
        closing, opening = (
            move(what, state, fact, When.ALWAYS) for fact in (Fact.CLOSE, Fact.CHANGE)
        )
        assert closing is not None
        assert closing.to is State.CLOSED
        assert opening is not None
        assert opening.to is State.OPEN


@pytest.mark.parametrize(("what", "state"), list(product(What, State)))
def test_whatever_is_not_in_the_table_is_refused(what: What, state: State) -> None:
    listed = {m.action for m in MOVES if m.come_from is state and what in m.about}
    for action in (*Action, *Fact):
        found = [move(what, state, action, when) for when in When]
        assert any(found) is (action in listed)


def test_no_situation_has_two_moves() -> None:
    assert len({(m.action, m.come_from, m.when, m.about) for m in MOVES}) == len(MOVES)


def test_every_action_is_possible_somewhere_and_every_state_is_reached() -> None:
    assert {m.action for m in MOVES} == {*Action, *Fact}
    assert {m.to for m in MOVES} == set(State)


@pytest.mark.parametrize("action", OUTCOMES)
def test_an_outcome_is_taken_by_one_or_by_two_and_by_a_third_when_they_disagree(
    action: Action,
) -> None:
    steps = [
        (State.OPEN, When.ALONE, State.DECIDED),
        (State.SECOND_OPINION, When.AGREES, State.DECIDED),
        (State.SECOND_OPINION, When.DIFFERS, State.DISAGREEMENT),
        (State.DISAGREEMENT, When.ALONE, State.DECIDED),
    ]
    for come_from, when, to in steps:
        found = move(What.HOLD, come_from, action, when)
        assert found is not None
        assert found.to is to
        assert move(What.TASK, come_from, action, when) is None


def test_only_a_release_may_need_two_persons() -> None:
    found = [move(What.HOLD, State.OPEN, action, When.TWO) for action in OUTCOMES]
    assert [m and m.to for m in found] == [State.SECOND_OPINION, State.SECOND_OPINION, None]


def test_no_reviewer_moves_what_is_in_no_queue_but_to_undo() -> None:
    by_reviewers = {(m.come_from, m.action) for m in MOVES if isinstance(m.action, Action)}
    outside = {(state, action) for state, action in by_reviewers if state not in IN_QUEUE}
    assert outside == {(State.DECIDED, Action.UNDO)}


def test_the_page_shows_the_whole_table_and_its_diagram() -> None:
    page = pages()["review-workflow.md"]
    assert diagram() in page
    assert page.count("\n| `") >= len(MOVES)


def test_an_unknown_reason_counts_as_the_gravest_and_one_grave_reason_suffices() -> None:
    assert harm(["NEW_WORD"]) is harm([]) is Harm.SERIOUS
    assert harm([Reason.LINKED, Reason.COURT]) is Harm.OTHERS
    assert harm([Reason.LINKED]) is Harm.ORDINARY
    assert harm([Reason.COURT, Reason.SAFEGUARDING]) is Harm.SERIOUS
