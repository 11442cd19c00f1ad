"""Which decisions may be taken and by whom, and what an outcome is bound to."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from recordgate_consumers.review.items import Item, Seen
from recordgate_consumers.review.outcome import outcome_control
from recordgate_consumers.review.rules import (
    CLINICIANS,
    MOST_AT_ONCE,
    Decision,
    Refused,
    Role,
    check,
    check_decision,
    check_many,
    needs_two,
)
from recordgate_consumers.review.workflow import Action, What
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.entry import ElementKind
from recordgate_schemas.messages import Queue
from recordgate_schemas.reasons import INTEGRITY, Reason
from tests.support.consumers import NOW, PRACTICE, patient

HARM, CHECKED = ReviewGround.SERIOUS_HARM, ReviewGround.CHECKED
TODAY = date(2026, 11, 20)
RELEASE = Decision(Action.RELEASE)
ASK, WITHOUT = Action.SECOND_OPINION, Action.RELEASE_WITHOUT
SCAN = (ElementKind.ATTACHMENT,)


def withhold(ground: ReviewGround = HARM, opinion_on: date | None = None) -> Decision:
    return Decision(Action.WITHHOLD, ground, opinion_on)


ALLOWED = [
    (RELEASE, Role.ADMIN),
    (withhold(ReviewGround.COURT), Role.ADMIN),
    *((withhold(), role) for role in CLINICIANS),
    (withhold(HARM, TODAY), Role.ADMIN),
    (withhold(HARM, date(2026, 5, 21)), Role.ADMIN),
    (Decision(ASK, proposes=Action.RELEASE), Role.ADMIN),
    (Decision(WITHOUT, leave_out=SCAN), Role.ADMIN),
    (Decision(ASK, proposes=WITHOUT, leave_out=SCAN), Role.ADMIN),
    (Decision(ASK, HARM, proposes=Action.WITHHOLD), Role.GP),
]
REFUSED = [
    (withhold(), Role.ADMIN, "clinician"),  # golden row 94
    (withhold(HARM, date(2026, 5, 20)), Role.ADMIN, "six months"),
    (withhold(HARM, date(2026, 11, 21)), Role.ADMIN, "future"),
    (withhold(CHECKED), Role.CLINICIAN, "ground"),
    (Decision(ASK), Role.GP, "proposes"),
    (Decision(WITHOUT), Role.GP, "leave_out"),
    (Decision(Action.RELEASE, leave_out=SCAN), Role.GP, "leave_out"),
    (Decision(ASK, proposes=Action.WAIT), Role.GP, "no outcome"),
    (Decision(ASK, HARM, proposes=Action.WITHHOLD), Role.ADMIN, "clinician"),
    (Decision(Action.RELEASE, proposes=Action.RELEASE), Role.GP, "proposes"),
]


@pytest.mark.parametrize(("decision", "role"), ALLOWED)
def test_a_decision_within_the_rules_may_be_taken(decision: Decision, role: Role) -> None:
    check_decision(decision, role, TODAY)


@pytest.mark.parametrize(("decision", "role", "rule"), REFUSED)
def test_a_decision_against_the_rules_is_refused(decision: Decision, role: Role, rule: str) -> None:
    with pytest.raises(Refused, match=rule):
        check_decision(decision, role, TODAY)


OPINIONS = [  # the last day an opinion serves, as the decider counts months
    (date(2026, 2, 28), date(2026, 8, 27)),
    (date(2026, 8, 31), date(2027, 2, 27)),
    (date(2026, 6, 30), date(2026, 12, 29)),
]


@pytest.mark.parametrize(("opinion", "last"), OPINIONS)
def test_an_opinion_serves_until_the_same_day_six_months_on(opinion: date, last: date) -> None:
    decision = withhold(HARM, opinion)
    check_decision(decision, Role.ADMIN, last)
    with pytest.raises(Refused, match="six months"):
        check_decision(decision, Role.ADMIN, last + timedelta(days=1))


def item(**values: object) -> Item:
    known = Item(
        UUID(int=1), What.HOLD, patient(1).digits, "self", "e1", PRACTICE, Queue.PRACTICE.value, 3, "open", 1, 9,
        NOW, NOW, NOW, NOW, 0, None, None, [], None, None, None, [], None, "observation", False, ["LINKED"], 2, None,
        hide_first=False, bulk_release=True, decided_under=5, ruleset="ruleset-1", body_sha256=b"\1" * 32,
    )  # fmt: skip
    return replace(known, **values)  # type: ignore[arg-type]


def test_what_waits_for_a_clinician_is_released_by_one() -> None:
    asked = item(queue="clinician")
    for role in CLINICIANS:
        check(asked, RELEASE, role, NOW)
    with pytest.raises(Refused, match="gp, nurse, pharmacist, clinician"):
        check(asked, RELEASE, Role.ADMIN, NOW)
    with pytest.raises(Refused, match="gp, nurse, pharmacist, clinician"):
        check(asked, Decision(ASK, proposes=Action.RELEASE), Role.ADMIN, NOW)


def test_anybody_may_withhold_what_waits_for_a_clinician_and_release_the_rest() -> None:
    check(item(queue="clinician"), withhold(ReviewGround.COURT), Role.ADMIN, NOW)
    for queue in set(Queue) - {Queue.CLINICIAN}:
        check(item(queue=queue.value), RELEASE, Role.ADMIN, NOW)


@pytest.mark.parametrize("reason", sorted(INTEGRITY))
def test_no_release_lifts_a_hold_of_integrity(reason: Reason) -> None:
    held = item(queue="system", reasons=["LINKED", reason.value])
    with pytest.raises(Refused, match="integrity"):
        check(held, RELEASE, Role.GP, NOW)
    check(held, withhold(ReviewGround.COURT), Role.GP, NOW)


@pytest.mark.parametrize("reason", Reason)
def test_two_persons_release_safeguarding_and_one_withholds_it(reason: Reason) -> None:
    held = item(reasons=["LINKED", reason.value])
    assert needs_two(held, RELEASE) is (reason is Reason.SAFEGUARDING)
    assert needs_two(held, Decision(WITHOUT, leave_out=SCAN)) is needs_two(held, RELEASE)
    assert not needs_two(held, withhold())


@pytest.mark.parametrize("action", [Action.ASK_CLINICIAN, Action.WAIT, Action.UNDO, Action.DONE])
def test_only_some_actions_are_for_many(action: Action) -> None:
    with pytest.raises(Refused, match="done to many"):
        check_many([item()], Decision(action))


def test_not_too_many_at_once_and_none_is_released_with_another_patients() -> None:
    check_many([item()] * MOST_AT_ONCE, withhold())
    with pytest.raises(Refused, match="50 at once"):
        check_many([item()] * (MOST_AT_ONCE + 1), withhold())
    others = (
        item(nhs_number=patient(2).digits),
        item(reasons=["CONF"]),
        item(bulk_release=False),
    )
    for other in others:
        check_many([item(), other], withhold())
        with pytest.raises(Refused, match="one patient"):
            check_many([item(), other], RELEASE)


def test_what_was_seen_names_what_has_changed() -> None:
    seen = Seen.of(item())
    assert seen.changes(item()) == ()
    assert seen.changes(item(decided_under=6, ruleset="r2", body_sha256=b"\2" * 32)) == (
        "another content",
        "newer facts about the patient",
        "another ruleset",
    )
    assert patient(1).digits not in repr(item())


def test_an_outcome_is_bound_to_all_the_reviewer_saw() -> None:
    control = outcome_control(item(), 7, withhold(HARM, TODAY), Role.ADMIN, NOW)
    change = control.change
    assert isinstance(change, Reviewed)
    assert change == Reviewed(
        change.entry_id,
        PRACTICE,
        change.audience,
        ReviewAction.WITHHOLD,
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


def test_an_outcome_names_what_is_left_out_and_two_agree_only_if_it_is_the_same() -> None:
    both = (ElementKind.FREE_TEXT, ElementKind.ATTACHMENT)
    change = outcome_control(item(), 7, Decision(WITHOUT, leave_out=both), Role.GP, NOW).change
    assert isinstance(change, Reviewed)
    assert (change.action, change.leave_out) == (ReviewAction.RELEASE, tuple(sorted(both)))
    opinions = {Decision(WITHOUT, leave_out=kinds).opinion for kinds in (SCAN, both, both[::-1])}
    assert opinions == {"release_without attachment", "release_without attachment free_text"}


def test_a_clinicians_own_word_is_an_opinion_of_the_day() -> None:
    """The decider passes over a withholding for serious harm that carries no opinion's day."""
    days = [
        outcome_control(item(), 7, decision, Role.GP, NOW).change
        for decision in (
            withhold(),
            withhold(HARM, date(2026, 11, 1)),
            withhold(ReviewGround.COURT),
        )
    ]
    assert [change.clinician_opinion_on for change in days if isinstance(change, Reviewed)] == [
        TODAY,
        date(2026, 11, 1),
        None,
    ]


def test_one_decision_has_one_outcome_and_its_id_names_no_patient() -> None:
    def control_id(lease: int = 7, sequence: int = 9) -> str:
        return outcome_control(item(sequence=sequence), lease, RELEASE, Role.GP, NOW).control_id

    assert control_id() == control_id()
    assert len({control_id(), control_id(lease=8), control_id(sequence=10)}) == 3
    assert patient(1).digits not in control_id()
