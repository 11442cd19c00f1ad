"""The golden decision table through the whole running product: one patient a case, read as its users read it.

Cases under other rules, and those in which time passes, run in tests/integration/streams/test_golden_ledger.py.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from recordgate_consumers.review.deciding import decide
from recordgate_consumers.review.items import Seen
from recordgate_consumers.review.leases import claim
from recordgate_consumers.review.rules import Decision, Role
from recordgate_consumers.review.workflow import Action
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_runtime.clock import SystemClock
from recordgate_runtime.service_keys import read_service_key
from recordgate_runtime.settings import settings
from recordgate_schemas.control import Control, Reviewed
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import NhsNumber, OdsCode
from recordgate_streams.golden.cases import Case, cases
from recordgate_streams.golden.judge import Run, differences
from recordgate_streams.golden.messages import Published, messages_of
from recordgate_streams.golden.state import State
from recordgate_streams.golden.words import Word
from recordgate_streams.policy.dates import local_day
from recordgate_streams.ruleset import current
from tests.support.consumers import patient
from tests.support.golden import needs_own_ledger
from tests.support.golden_stack import GoldenStack

CASES = [case for case in cases() if not needs_own_ledger(case)]
FIRST_PATIENT = 10_000
"""Numbers that no other test of the stack uses."""


@dataclass(frozen=True, slots=True)
class Golden:
    """All cases after they ran. `refused`: those in which the reviewers' own workflow refused what comes `then`."""

    states: dict[str, tuple[State, State]]
    refused: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """A case and the patient it is told of."""

    case: Case
    number: NhsNumber
    told: Published


@pytest.fixture(scope="module")
def golden(runner: Runner, watch: Watch) -> Golden:
    """The cases' states. A run in which a day ended in London is done again: ages and dates have moved on."""
    assert runner.pids()
    for attempt in range(2):
        now = SystemClock().now()
        found = _run(watch, now, first_patient=FIRST_PATIENT + attempt * len(CASES))
        if local_day(SystemClock().now()) == local_day(now):
            return found
    pytest.fail("a day ended in London during each of two runs; something hangs")


def _run(watch: Watch, now: datetime, first_patient: int) -> Golden:
    subjects = [_subject(case, first_patient + place, now) for place, case in enumerate(CASES)]
    with GoldenStack(settings()) as stack:
        quarantined = stack.quarantined()
        stack.publish(message for s in subjects for message in s.told.first)
        watch.wait()
        before = _states(stack, subjects, quarantined)
        refused = {s.case.name for s in subjects if _is_refused(stack, s)}
        stack.publish(message for s in subjects for message in s.told.then)
        watch.wait()
        after = _states(stack, subjects, quarantined)
    return Golden({name: (before[name], after[name]) for name in after}, frozenset(refused))


def _subject(case: Case, number_of_patient: int, now: datetime) -> Subject:
    number = patient(number_of_patient)
    if case.nhs_number:
        number = NhsNumber(case.nhs_number)
    return Subject(case, number, messages_of(case, now, number, current().hash))


def _states(stack: GoldenStack, subjects: list[Subject], before: int) -> dict[str, State]:
    """Nothing else is unreadable here: only the case with a wrong NHS number fills the quarantine."""
    stack.look()
    new = stack.quarantined() - before
    found = {}
    for subject in subjects:
        state = stack.state(subject.number, subject.told.everything)
        bad = bool(subject.case.nhs_number) and new >= len(subject.told.everything)
        found[subject.case.name] = replace(state, quarantined=bad)
    return found


def _is_refused(stack: GoldenStack, subject: Subject) -> bool:
    """True when the workflow gives no way to say what the case's reviewer wants to say."""
    if subject.case.expect is not Word.REFUSED:
        return False
    (said,) = subject.told.then
    assert isinstance(said, Control)
    assert isinstance(said.change, Reviewed)
    wanted = said.change
    decision = Decision(Action(wanted.action), wanted.ground, wanted.clinician_opinion_on)
    key = read_service_key(settings().review_key, "RECORDGATE_REVIEW_KEY")
    try:
        for hold in stack.holds_of(subject.number):
            desk = stack.desk(OdsCode(hold.practice), Role(wanted.reviewer_role))
            decide(desk, claim(desk, hold.id), Seen.of(hold), decision, key)
    except UsageError:
        return True
    return not stack.holds_of(subject.number)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.title}")
def test_a_case_comes_out_as_specified(case: Case, golden: Golden) -> None:
    before, after = golden.states[case.name]
    assert differences(Run(case, before, after)) == []
    assert (case.name in golden.refused) == (case.expect is Word.REFUSED)


def test_every_case_runs_here_or_on_a_ledger_of_its_own() -> None:
    own = [case for case in cases() if needs_own_ledger(case)]
    assert len(CASES) + len(own) == len(cases())
    assert len(CASES) > len(own) > 0
