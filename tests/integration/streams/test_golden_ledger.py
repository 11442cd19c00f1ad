"""Golden cases under other rules, and those in which time passes: the decider's lanes, its ledger, a clock to set.

Rules change on the way by which they change in a deployment: rehearsed, approved, activated, applied.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from recordgate_streams.golden.cases import Case, cases
from recordgate_streams.golden.instants import before
from recordgate_streams.golden.judge import Run, differences
from recordgate_streams.golden.messages import messages_of
from recordgate_streams.golden.pure import PATIENT
from recordgate_streams.golden.rules import rules_of
from recordgate_streams.golden.words import Word
from recordgate_streams.rollout.refusal import Refused
from recordgate_streams.ruleset import Ruleset
from tests.support.builders import NOW
from tests.support.golden import LedgerRun, needs_own_ledger
from tests.support.ledger import PARTITION, Ledger
from tests.support.rules import ANN, BEN, Rules

CASES = [case for case in cases() if needs_own_ledger(case)]


@contextmanager
def under(dsn: str, rules: Ruleset) -> Iterator[Ledger]:
    """An empty ledger in which these rules are in force."""
    with closing(Ledger(dsn, rules)) as ledger:
        yield ledger


def change_rules(ledger: Ledger, rules: Ruleset, folder: Path) -> bool:
    """Bring other rules into force and apply them; True when that took approval of what would go away."""
    with closing(Rules(ledger, folder)) as changing:
        name = changing.save(rules)
        for who in (ANN, BEN):
            changing.approve(name, who)
        try:
            changing.activate(name)
        except Refused as refusal:
            needed = "disappears" in str(refusal)
            changing.bring(rules)
        else:
            needed = False
        changing.apply()
    return needed


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.title}")
def test_a_case_comes_out_as_specified(
    case: Case, ledger_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, then_rules = rules_of(case.rules), rules_of(case.then_rules or case.rules)
    told = messages_of(case, NOW, PATIENT, rules.hash)
    with under(ledger_dsn, rules) as ledger:
        run = LedgerRun(ledger, PATIENT)
        ledger.clock.instant = before(NOW, case.waits) if case.waits else NOW
        run.tell(told.first)
        earlier = run.state(rules)
        ledger.clock.instant = NOW
        approved = case.then_rules and change_rules(ledger, then_rules, tmp_path)
        run.tell(told.then)
        ledger.controls.tick([PARTITION])
        after = run.state(then_rules)
    assert differences(Run(case, earlier, after)) == []
    assert approved or case.expect is not Word.APPROVAL_REQUIRED
    assert "RULE_FAILED" in capsys.readouterr().err or case.expect is not Word.ALERT
