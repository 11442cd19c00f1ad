"""Looking back: every activation and every change of approvers holds, or the one that was edited is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recordgate_runtime.settings import settings
from recordgate_streams.cli import approvers as cli
from recordgate_streams.rollout.verification import verify
from tests.support.builders import access, entry, registered
from tests.support.ledger import Ledger
from tests.support.rules import ANN, BEN, CODE, Rules, with_code_set

EDITS = {
    "approvals taken away": (
        "update activation set approvals = '{}' where generation = 1",
        ["activation 1: approvals: 0 of 2 different approvers"],
    ),
    "a signature of somebody else": (
        "update activation set approvals = array[approvals[1], approvals[1]] where generation = 1",
        ["activation 1: approvals: 1 of 2 different approvers"],
    ),
    "approvers of another time": (
        "update activation set approver_change = 1 where generation = 1",
        ["activation 1: signature"],
    ),
    "a rehearsal that was edited": (
        "update rehearsal set report = jsonb_set(report, '{decisions}', '7')",
        ["activation 1: its rehearsal was changed", "activation 2: its rehearsal was changed"],
    ),
    "another ruleset in force": (
        "update active_ruleset set hash = 'another'",
        ["the ruleset in force is not the one that was activated last"],
    ),
    "an activation that is gone": (
        "delete from activation where generation = 1",
        ["activation 2: the activation before it is missing"],
    ),
    "a former ruleset that was edited": (
        """update activation set former = jsonb_set(former, '{hash}', '"x"') where generation = 2""",
        ["activation 2: the ruleset it keeps as the former one is another"],
    ),
    "an approver who was put in": (
        "update approver_change set document = replace(document, 'ben', 'bob') where change = 1",
        ["approvers: change 1 in the ledger does not hold", "activation 2: the approvers"],
    ),
}


@pytest.fixture
def rules(ledger: Ledger, tmp_path: Path) -> Iterator[Rules]:
    """Two activations, and between them the approvers change: Ann leaves."""
    ledger.say(registered(), access())
    ledger.publish(entry())
    opened = Rules(ledger, tmp_path)
    opened.bring(with_code_set(CODE))
    opened.change_approvers("cat", BEN)
    name = opened.save(with_code_set(CODE, reason="COURT"))
    for who in ("cat", BEN):
        opened.approve(name, who)
    opened.activate(name)
    yield opened
    opened.close()


def test_what_former_approvers_signed_still_holds(rules: Rules) -> None:
    assert ANN in rules.keys
    found = verify(rules.reader)
    assert (found.changes, found.activations, found.problems) == (2, 2, ())


@pytest.mark.parametrize("edit", EDITS)
def test_what_somebody_edited_is_named(rules: Rules, ledger: Ledger, edit: str) -> None:
    statement, expected = EDITS[edit]
    ledger.owner.execute(statement.encode())
    problems = verify(rules.reader).problems
    assert [p for p, e in zip(problems, expected, strict=True) if not p.startswith(e)] == []


def test_the_command_leaves_with_status_1_when_something_does_not_hold(
    rules: Rules, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger.dsn)
    settings.cache_clear()
    assert verify(rules.reader).problems == ()
    held = CliRunner().invoke(cli.app, ["verify"])
    ledger.owner.execute("update activation set approvals = '{}' where generation = 2")
    broken = CliRunner().invoke(cli.app, ["verify"])
    settings.cache_clear()
    assert (held.exit_code, held.stdout) == (0, "2 sets of approvers, 2 activations: all hold\n")
    assert broken.exit_code == 1
    assert broken.stdout.startswith("activation 2: approvals: 0 of 2")
