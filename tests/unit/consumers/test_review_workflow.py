"""Which verdicts may be given and by whom, and what an outcome is bound to."""

from datetime import date, timedelta

import pytest

from recordgate_consumers.review.queue import Hold
from recordgate_consumers.review.verdict import CLINICIANS, Role, Verdict, check, check_role
from recordgate_consumers.review.workflow import outcome
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue
from tests.support.consumers import NOW, PRACTICE, patient

RELEASE, WITHHOLD = ReviewAction.RELEASE, ReviewAction.WITHHOLD
HARM, CHECKED = ReviewGround.SERIOUS_HARM, ReviewGround.CHECKED
TODAY = date(2026, 11, 20)

ALLOWED = [
    Verdict(RELEASE, CHECKED, Role.ADMIN),
    Verdict(WITHHOLD, ReviewGround.COURT, Role.ADMIN),
    *(Verdict(WITHHOLD, HARM, role) for role in CLINICIANS),
    Verdict(WITHHOLD, HARM, Role.ADMIN, TODAY),
    Verdict(WITHHOLD, HARM, Role.ADMIN, date(2026, 5, 21)),
]
REFUSED = [
    (Verdict(WITHHOLD, HARM, Role.ADMIN), "clinician"),  # golden row 94
    (Verdict(WITHHOLD, HARM, Role.ADMIN, date(2026, 5, 20)), "six months"),
    (Verdict(WITHHOLD, HARM, Role.ADMIN, date(2026, 11, 21)), "future"),
    (Verdict(WITHHOLD, CHECKED, Role.CLINICIAN), "ground"),
]


@pytest.mark.parametrize("verdict", ALLOWED)
def test_a_verdict_within_the_rules_is_taken(verdict: Verdict) -> None:
    check(verdict, TODAY)


@pytest.mark.parametrize(("verdict", "rule"), REFUSED)
def test_a_verdict_against_the_rules_is_refused(verdict: Verdict, rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        check(verdict, TODAY)


OPINIONS = [  # the last day an opinion serves, as the decider counts months
    (date(2026, 2, 28), date(2026, 8, 27)),
    (date(2026, 8, 31), date(2027, 2, 27)),
    (date(2026, 6, 30), date(2026, 12, 29)),
]


@pytest.mark.parametrize(("opinion", "last"), OPINIONS)
def test_an_opinion_serves_until_the_same_day_six_months_on(opinion: date, last: date) -> None:
    verdict = Verdict(WITHHOLD, HARM, Role.ADMIN, opinion)
    check(verdict, last)
    with pytest.raises(UsageError, match="six months"):
        check(verdict, last + timedelta(days=1))


def test_what_waits_for_a_clinician_is_released_by_one() -> None:
    asked = hold(queue=Queue.CLINICIAN)
    for role in CLINICIANS:
        check_role(asked, Verdict(RELEASE, CHECKED, role))
    with pytest.raises(UsageError, match="gp, nurse, pharmacist, clinician"):
        check_role(asked, Verdict(RELEASE, CHECKED, Role.ADMIN))


def test_anybody_may_withhold_what_waits_for_a_clinician_and_release_the_rest() -> None:
    check_role(hold(queue=Queue.CLINICIAN), Verdict(WITHHOLD, ReviewGround.COURT, Role.ADMIN))
    for queue in set(Queue) - {Queue.CLINICIAN}:
        check_role(hold(queue=queue), Verdict(RELEASE, CHECKED, Role.ADMIN))


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
    control = outcome(hold(), Verdict(WITHHOLD, HARM, Role.ADMIN, TODAY), NOW)
    change = control.change
    assert isinstance(change, Reviewed)
    assert change == Reviewed(
        change.entry_id,
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
        outcome(hold(), Verdict(WITHHOLD, ground, role, opinion), NOW).change
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
    verdict = Verdict(RELEASE, CHECKED, Role.ADMIN)
    first, again = (outcome(hold(), verdict, NOW).control_id for _ in range(2))
    assert first == again
    assert first != outcome(hold(sequence=10), verdict, NOW).control_id
    assert patient(1).digits not in first
