"""Values of the decision core: when a decision is a change that somebody has to be informed of."""

from dataclasses import replace
from typing import Any

import pytest

from recordgate_schemas.entry import ElementKind
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import SELF
from recordgate_streams.decider.record import CurrentDecision, DecisionUpdate
from recordgate_streams.policy.decision import Decision, Objection
from tests.support.builders import NOW, accepted, entry

NOTE = frozenset({ElementKind.FREE_TEXT})
LEVEL = Objection(Reason.FREE_TEXT_DROPPED, Outcome.RELEASED_REDACTED, {"level": "detailed"}, NOTE)
COURT = Objection(Reason.COURT, Outcome.HELD, {"marker": "court"})
REDACTED = Decision(SELF, Outcome.RELEASED_REDACTED, (LEVEL,), "rules", ("/entry/0",))
UPDATE = DecisionUpdate(accepted(), REDACTED, None, NOW, None)


def deciding(**changed: Any) -> DecisionUpdate:
    return replace(UPDATE, decision=replace(REDACTED, **changed))


VISIBLE = {
    "version": replace(UPDATE, accepted=accepted(entry(version=2))),
    "body": replace(UPDATE, accepted=accepted(entry(body=b"{}"))),
    "outcome": deciding(outcome=Outcome.HELD),
    "reasons": deciding(objections=(LEVEL, COURT)),
    "dropped elements": deciding(objections=(replace(LEVEL, drop=frozenset()),)),
    "dropped references": deciding(pointers=()),
    "end of validity": replace(UPDATE, valid_until=None),
}
INVISIBLE = {
    "ruleset": deciding(ruleset="other"),
    "facts behind a reason": deciding(objections=(replace(LEVEL, because={}),)),
    "a reason given twice": deciding(objections=(LEVEL, LEVEL)),
    "ruleset of an earlier release": replace(UPDATE, released_under="former"),
    "time of extraction": replace(UPDATE, accepted=accepted(entry(extracted_at=NOW))),
}


@pytest.mark.parametrize("name", VISIBLE)
def test_a_decision_changes_with_what_its_readers_see(name: str) -> None:
    assert replace(VISIBLE[name], previous=UPDATE.in_force()).changed


@pytest.mark.parametrize("name", INVISIBLE)
def test_a_decision_does_not_change_with_what_its_readers_do_not_see(name: str) -> None:
    assert not replace(INVISIBLE[name], previous=UPDATE.in_force()).changed


def test_reasons_have_no_order_for_readers() -> None:
    one, other = deciding(objections=(LEVEL, COURT)), deciding(objections=(COURT, LEVEL))
    assert one.digest == other.digest


def test_a_decision_in_force_keeps_version_headline_ruleset_and_earlier_release() -> None:
    in_force = replace(UPDATE, released_under="former").in_force()
    assert in_force == CurrentDecision(
        1,
        Outcome.RELEASED_REDACTED,
        "FREE_TEXT_DROPPED",
        UPDATE.digest,
        "rules",
        released_under="former",
    )
