"""Who owns a hold, which verdicts may be given, and what an outcome is bound to."""

from datetime import date

import pytest

from recordgate_consumers.review.queue import Hold
from recordgate_consumers.review.queues import Queue, queue_for
from recordgate_consumers.review.workflow import Role, Verdict, check, outcome
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import UsageError
from tests.support.consumers import NOW, PRACTICE, patient

RELEASE, WITHHOLD = ReviewAction.RELEASE, ReviewAction.WITHHOLD
HARM, CHECKED = ReviewGround.SERIOUS_HARM, ReviewGround.CHECKED
TODAY = date(2026, 11, 20)

QUEUES = [
    (("LINKED",), Queue.PRACTICE),
    (("LINKED", "COURT"), Queue.CLINICIAN),
    (("SAFEGUARDING",), Queue.CLINICIAN),
    (("THIRD_PARTY",), Queue.CLINICIAN),
    (("ORIGINATOR",), Queue.CLINICIAN),
    (("COURT", "IDENTITY"), Queue.SYSTEM),
    (("STATE_UNKNOWN",), Queue.SYSTEM),
    (("ENGINE_ERROR",), Queue.SYSTEM),
    (("CONFLICT",), Queue.SYSTEM),
    (("BODY_MISMATCH",), Queue.SYSTEM),
    (("SOMETHING_NEW",), Queue.PRACTICE),
    ((), Queue.PRACTICE),
]


@pytest.mark.parametrize(("reasons", "owner"), QUEUES)
def test_every_hold_has_one_owner(reasons: tuple[str, ...], owner: Queue) -> None:
    assert queue_for(reasons) is owner


ALLOWED = [
    Verdict(RELEASE, CHECKED, Role.ADMIN),
    Verdict(WITHHOLD, ReviewGround.COURT, Role.ADMIN),
    Verdict(WITHHOLD, HARM, Role.CLINICIAN),
    Verdict(WITHHOLD, HARM, Role.ADMIN, TODAY),
    Verdict(WITHHOLD, HARM, Role.ADMIN, date(2026, 5, 20)),
]
REFUSED = [
    (Verdict(WITHHOLD, HARM, Role.ADMIN), "clinician"),  # golden row 94
    (Verdict(WITHHOLD, HARM, Role.ADMIN, date(2026, 5, 19)), "six months"),
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


def hold(sequence: int = 9) -> Hold:
    number = patient(1).digits
    return Hold(
        number,
        "self",
        "e1",
        sequence,
        "open",
        "practice",
        2,
        PRACTICE,
        "observation",
        None,
        ["LINKED"],
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


def test_one_state_of_a_hold_has_one_outcome_and_its_id_names_no_patient() -> None:
    verdict = Verdict(RELEASE, CHECKED, Role.ADMIN)
    first, again = (outcome(hold(), verdict, NOW).control_id for _ in range(2))
    assert first == again
    assert first != outcome(hold(sequence=10), verdict, NOW).control_id
    assert patient(1).digits not in first
