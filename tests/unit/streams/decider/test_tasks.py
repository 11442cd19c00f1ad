"""Which reasons ask for work beyond deciding an entry, and whom the work is about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recordgate_schemas.control import AccessReviewCoded, ReviewCode
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF, Audience, EntryId
from recordgate_streams.decider.tasks import Task, entry_tasks, patient_tasks
from recordgate_streams.policy.decision import Decision, EntryContext, Objection
from recordgate_streams.policy.facts import PatientSignal
from recordgate_streams.policy.settings import Signal
from tests.support.builders import NOW, PARTNER, case, facts, granted, registered

GIVEN = datetime(2024, 1, 1, 9, tzinfo=UTC)
E1 = EntryId("e1")


def against(reason: Reason, outcome: Outcome = Outcome.NOT_ELIGIBLE) -> Objection:
    return Objection(reason, outcome, {})


def grant_of(born: date, **grant: Any) -> EntryContext:
    registration = registered(birth_date=born)
    known = facts((granted(**grant), GIVEN), registration=registration)
    return case(facts=known, audience=PARTNER)


def concerned(signal: Signal, at: datetime, audience: Audience = PARTNER) -> EntryContext:
    known = facts((granted(), GIVEN))
    with_signals = known.with_signals({E1}, (PatientSignal(E1, signal, at),))
    return case(facts=with_signals, audience=audience)


CODED_104 = facts((granted(), GIVEN), AccessReviewCoded(ReviewCode.NEEDED_104))
FACTS = [
    ("an ordinary patient", case(), set()),
    ("a 104 is the patient's", case(facts=CODED_104), {Reason.ACCESS_REVIEW}),
    ("a 104 is no proxy's", case(facts=CODED_104, audience=PARTNER), set()),
    ("a grant for an adult", grant_of(date(1985, 1, 15)), set()),
    ("a child of 11", grant_of(date(2014, 1, 15)), {Reason.PROXY_AGE}),
    ("a child of 11, renewed", grant_of(date(2014, 1, 15), renewed_at_age=11), set()),
    ("a child of 10", grant_of(date(2014, 12, 15)), set()),
    ("a child of 15, never renewed", grant_of(date(2010, 1, 15)), set()),
    ("turned 16", grant_of(date(2009, 1, 15)), set()),
    ("a concern", concerned(Signal.CHILD_SAFEGUARDING, NOW), {Reason.SAFEGUARDING}),
    (
        "a concern when it was granted",
        concerned(Signal.CHILD_SAFEGUARDING, GIVEN),
        {Reason.SAFEGUARDING},
    ),
    (
        "a concern before",
        concerned(Signal.CHILD_SAFEGUARDING, GIVEN - timedelta(seconds=1)),
        set(),
    ),
    ("a concern, without a grant", concerned(Signal.CHILD_SAFEGUARDING, NOW, SELF), set()),
    ("another signal", concerned(Signal.PARENTAL, NOW), set()),
]


@pytest.mark.parametrize(
    ("context", "reasons"), [row[1:] for row in FACTS], ids=[row[0] for row in FACTS]
)
def test_facts_give_tasks_for_an_audience(context: EntryContext, reasons: set[Reason]) -> None:
    expected = {Task(reason, context.audience.name) for reason in reasons}
    assert patient_tasks(context.audience, ()) == expected


def test_only_some_reasons_against_every_entry_ask_for_work() -> None:
    asking = {Reason.S_FLAG, Reason.UNDER_13, Reason.PROXY_AGE, Reason.PR_CHANGE}
    found = patient_tasks(case().audience, map(against, Reason))
    assert found == {Task(reason, SELF) for reason in asking}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_some_reasons_against_one_entry_ask_for_work(outcome: Outcome) -> None:
    asking = {
        Outcome.WITHHELD: {Reason.SAFEGUARDING, Reason.OPINION_STALE, Reason.WRONG_PATIENT},
        Outcome.HELD: {Reason.WRONG_PATIENT, Reason.RULE_CHANGE},
    }
    objections = tuple(against(reason, outcome) for reason in Reason)
    found = entry_tasks(Decision(PARTNER, outcome, objections, "rules"), E1)
    assert found == {Task(reason, PARTNER, E1) for reason in asking.get(outcome, set())}
