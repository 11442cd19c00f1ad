"""Which decisions may be taken and by whom, and what an outcome is bound to."""

from datetime import date, timedelta

import pytest

from recordgate_consumers.review.decision import (
    CLINICIANS,
    ReviewDecision,
    Role,
    check_decision,
    check_role,
    decision_control,
)
from recordgate_consumers.review.queue import Hold
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue
from tests.support.consumers import NOW, PRACTICE, patient

RELEASE, WITHHOLD = ReviewAction.RELEASE, ReviewAction.WITHHOLD
HARM, CHECKED = ReviewGround.SERIOUS_HARM, ReviewGround.CHECKED
TODAY = date(2026, 11, 20)

ALLOWED = [
    ReviewDecision(RELEASE, CHECKED, Role.ADMIN),
    ReviewDecision(WITHHOLD, ReviewGround.COURT, Role.ADMIN),
    *(ReviewDecision(WITHHOLD, HARM, role) for role in CLINICIANS),
    ReviewDecision(WITHHOLD, HARM, Role.ADMIN, TODAY),
    ReviewDecision(WITHHOLD, HARM, Role.ADMIN, date(2026, 5, 21)),
]
REFUSED = [
    (ReviewDecision(WITHHOLD, HARM, Role.ADMIN), "clinician"),  # golden row 94
    (ReviewDecision(WITHHOLD, HARM, Role.ADMIN, date(2026, 5, 20)), "six months"),
    (ReviewDecision(WITHHOLD, HARM, Role.ADMIN, date(2026, 11, 21)), "future"),
    (ReviewDecision(WITHHOLD, CHECKED, Role.CLINICIAN), "ground"),
]


@pytest.mark.parametrize("decision", ALLOWED)
def test_a_decision_within_the_rules_may_be_taken(decision: ReviewDecision) -> None:
    check_decision(decision, TODAY)


@pytest.mark.parametrize(("decision", "rule"), REFUSED)
def test_a_decision_against_the_rules_is_refused(decision: ReviewDecision, rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        check_decision(decision, TODAY)


OPINIONS = [  # the last day an opinion serves, as the decider counts months
    (date(2026, 2, 28), date(2026, 8, 27)),
    (date(2026, 8, 31), date(2027, 2, 27)),
    (date(2026, 6, 30), date(2026, 12, 29)),
]


@pytest.mark.parametrize(("opinion", "last"), OPINIONS)
def test_an_opinion_serves_until_the_same_day_six_months_on(opinion: date, last: date) -> None:
    decision = ReviewDecision(WITHHOLD, HARM, Role.ADMIN, opinion)
    check_decision(decision, last)
    with pytest.raises(UsageError, match="six months"):
        check_decision(decision, last + timedelta(days=1))


def test_what_waits_for_a_clinician_is_released_by_one() -> None:
    asked = hold(queue=Queue.CLINICIAN)
    for role in CLINICIANS:
        check_role(asked, ReviewDecision(RELEASE, CHECKED, role))
    with pytest.raises(UsageError, match="gp, nurse, pharmacist, clinician"):
        check_role(asked, ReviewDecision(RELEASE, CHECKED, Role.ADMIN))


def test_anybody_may_withhold_what_waits_for_a_clinician_and_release_the_rest() -> None:
    check_role(
        hold(queue=Queue.CLINICIAN), ReviewDecision(WITHHOLD, ReviewGround.COURT, Role.ADMIN)
    )
    for queue in set(Queue) - {Queue.CLINICIAN}:
        check_role(hold(queue=queue), ReviewDecision(RELEASE, CHECKED, Role.ADMIN))


def hold(sequence: int = 9, *, queue: Queue = Queue.PRACTICE) -> Hold:
    number = patient(1).digits
    return Hold(
        number,
        "self",
        "e1",
        sequence,
        "open",
        queue.value,
        2,
        PRACTICE,
        "observation",
        None,
        ["LINKED"],
        False,
        True,
        5,
        "ruleset-1",
        b"\1" * 32,
        NOW,
        NOW,
    )


def test_an_outcome_is_bound_to_all_the_reviewer_saw() -> None:
    control = decision_control(hold(), ReviewDecision(WITHHOLD, HARM, Role.ADMIN, TODAY), NOW)
    change = control.change
    assert isinstance(change, Reviewed)
    assert change == Reviewed(
        change.entry_id,
        PRACTICE,
        change.audience,
        WITHHOLD,
        HARM,
        ("LINKED",),
        2,
        b"\1" * 32,
        5,
        "ruleset-1",
        "admin",
        TODAY,
    )
    assert (control.nhs_number, change.entry_id, change.audience) == (patient(1), "e1", "self")


def test_a_clinicians_own_word_is_an_opinion_of_the_day() -> None:
    """The decider passes over a withholding for serious harm that carries no opinion's day."""
    days = [
        decision_control(hold(), ReviewDecision(WITHHOLD, ground, role, opinion), NOW).change
        for ground, role, opinion in (
            (HARM, Role.GP, None),
            (HARM, Role.GP, date(2026, 11, 1)),
            (ReviewGround.COURT, Role.GP, None),
        )
    ]
    assert [change.clinician_opinion_on for change in days if isinstance(change, Reviewed)] == [
        TODAY,
        date(2026, 11, 1),
        None,
    ]


def test_one_state_of_a_hold_has_one_outcome_and_its_id_names_no_patient() -> None:
    decision = ReviewDecision(RELEASE, CHECKED, Role.ADMIN)
    first, again = (decision_control(hold(), decision, NOW).control_id for _ in range(2))
    assert first == again
    assert first != decision_control(hold(sequence=10), decision, NOW).control_id
    assert patient(1).digits not in first
