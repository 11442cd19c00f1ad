"""RULE_CHANGE: what one ruleset released and another holds is looked at; nothing else is."""

from dataclasses import replace

import pytest

from recordgate_schemas.entry import ThirdParty
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.decider.decide import decide
from recordgate_streams.decider.rule_change import after_rule_change
from tests.support.builders import case, entry, label

NEW, OLD = "rules-new", "rules-old"
HELD = decide(case(entry=entry(third_party=ThirdParty.PRESENT)), NEW)
RELEASED = decide(case(), NEW)
WITHHELD = decide(case(entry=entry(labels=label("NOPAT"))), NEW)


def test_what_another_ruleset_released_and_this_one_holds_is_a_rule_change() -> None:
    changed = after_rule_change(HELD, released_under=OLD)
    assert [o.reason for o in changed.objections] == [Reason.THIRD_PARTY, Reason.RULE_CHANGE]
    assert changed.objections[-1].because == {"released_under": OLD}
    assert (changed.outcome, changed.headline) == (Outcome.HELD, Reason.THIRD_PARTY)


@pytest.mark.parametrize(
    ("decision", "released_under"),
    [(HELD, None), (HELD, NEW), (RELEASED, OLD), (WITHHELD, OLD)],
    ids=["never released", "released under these rules", "still released", "withheld"],
)
def test_nothing_else_is(decision: object, released_under: str | None) -> None:
    assert after_rule_change(decision, released_under=released_under) is decision  # type: ignore[arg-type]


def test_it_is_said_once_however_often_it_is_decided() -> None:
    once = after_rule_change(HELD, released_under=OLD)
    assert after_rule_change(replace(HELD), released_under=OLD) == once
