"""The way of a ruleset by its commands: rehearse, approve, activate, look, and back again."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.process import ExitCode, exit_code
from recordgate_runtime.settings import Settings
from recordgate_schemas.entry import Coding
from recordgate_schemas.errors import RecordgateError
from recordgate_schemas.values import EntryId
from recordgate_streams.cli import rollout as change_cli
from recordgate_streams.ruleset import SHIPPED, document, signing
from tests.support.builders import PRACTICE, RULESET, access, entry, registered
from tests.support.ledger import Ledger
from tests.support.rules import ANN, BEN, CODE, Rules, with_code_set

NEW = with_code_set(CODE, reason="COURT")


@pytest.fixture
def rules(ledger: Ledger, tmp_path: Path) -> Iterator[Rules]:
    ledger.clock.instant = SystemClock().now()
    ledger.say(registered(), access())
    coded = (Coding("http://snomed.info/sct", CODE),)
    ledger.publish(entry(entry_id=EntryId("victim"), codes=coded))
    ledger.publish(entry(entry_id=EntryId("survivor")))
    opened = Rules(ledger, tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _on_this_ledger(ledger_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = str(tmp_path / "approvers.toml")
    here = Settings(ledger_dsn=ledger_dsn, approvers=trusted)
    monkeypatch.setattr(change_cli, "settings", lambda: here)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(change_cli.app, [str(argument) for argument in arguments])


def ok(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


def refused(*arguments: object) -> tuple[ExitCode, str]:
    error = run(*arguments).exception
    assert isinstance(error, RecordgateError), error
    return exit_code(error), str(error)


def status() -> Any:
    return json.loads(ok("status", "--json"))


def test_from_a_file_into_force_and_back(ledger: Ledger, rules: Rules, tmp_path: Path) -> None:
    packed = document.pack(NEW, tmp_path)
    said = ok("rehearse", packed, "--save")
    name = said.splitlines()[-1].removeprefix("rehearsal ")

    assert "disappears: 1 (50.000%)" in said
    assert "disappears, COURT: 1 (50.000%)\n    such as victim\n" in said
    assert "patients/s" in said
    for who in (ANN, BEN):
        ok("approve", name, "--key", rules.keys[who], "--name", who)
    code, why = refused("activate", name)
    assert code == ExitCode.FINDING
    assert "1 of 2 released, 50.000%, is more than the limit of 0.100%" in why
    assert status()["generation"] == 0

    for who in (ANN, BEN):
        key = ("--key", rules.keys[who], "--name", who)
        ok("approve", name, *key, "--accept-disappear", 1)
    assert f"{RULESET.hash} -> {NEW.hash}" in ok("activate", name)
    assert f"{NEW.hash}, generation 1" in ok("status")
    assert "applied to partition 0: 0 of 1 patients, running" in ok("status")
    rules.apply()
    assert "applied to partition 0: 1 of 1 patients, finished" in ok("status")
    assert ledger.view() == {"survivor": 1}

    back = json.loads(ok("rehearse", "--former", "--json"))
    assert (back["ruleset"], back["against"]) == (RULESET.hash, NEW.hash)
    assert back["totals"]["appears"]["n"] == 1


def test_an_approval_signed_elsewhere_is_taken_in(rules: Rules, tmp_path: Path) -> None:
    packed = document.pack(NEW, tmp_path)
    name = json.loads(ok("rehearse", packed, "--save", "--json"))["rehearsal"]
    counts = ("--appear", 0, "--disappear", 1)
    signer = ("--approver", ANN, "--key", rules.keys[ANN], "--out", tmp_path)
    file = Path(ok("sign", packed, "--rehearsal", name, *counts, *signer).strip())

    ok("approve", name, "--approval", file)

    assert status()["open"][0]["approvers"] == [ANN]
    assert "approved by ann" in ok("status")
    other = signing.read_approval(file)
    moved = asdict(other) | {"subject": asdict(other.subject) | {"rehearsal": "0" * 16}}
    file.write_text(json.dumps(moved), "utf-8")
    assert (
        refused("approve", name, "--approval", file)[1]
        == "approval of ann: is for another rehearsal"
    )


@pytest.mark.usefixtures("rules")
def test_a_part_of_the_ledger() -> None:
    sample = json.loads(ok("rehearse", "--json", "--sample", 1, "--seed", "x", SHIPPED))
    assert sample["scope"] == {
        "kind": "sample",
        "patients": 1,
        "known": 1,
        "seed": "x",
        "practice": None,
    }
    assert "on a sample of 1 of 1 patients, seed x" in ok(
        "rehearse", "--sample", 1, "--seed", "x", SHIPPED
    )
    assert f"on 1 of 1 patients, those of {PRACTICE}" in ok(
        "rehearse", "--practice", PRACTICE, SHIPPED
    )


WRONG: dict[str, tuple[tuple[object, ...], str]] = {
    "no ruleset": (("rehearse",), "name a bundle folder"),
    "two rulesets": (("rehearse", "--former", "x"), "name a bundle folder"),
    "two parts": (("rehearse", "x", "--sample", 1, "--practice", "A82038"), "not both"),
    "no former one": (("rehearse", "--former"), "nothing was in force before"),
    "no key": (("approve", "x"), "give --key and --name"),
    "no rehearsal": (("approve", "x", "--key", "k", "--name", "ann"), "not known"),
    "no rehearsal to activate": (("activate", "x"), "not known"),
}


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_command_says_what_would_be_right(what: str) -> None:
    arguments, message = WRONG[what]
    code, why = refused(*arguments)

    assert code == ExitCode.USAGE
    assert message in why


def test_nothing_was_decided_yet(ledger: Ledger) -> None:
    ledger.owner.execute("truncate active_ruleset")

    assert "nothing was decided yet" in refused("status")[1]


@pytest.mark.parametrize(
    ("approvers", "why"), [("", "RECORDGATE_APPROVERS is not set"), ("none.toml", "cannot be read")]
)
def test_nobody_activates_without_knowing_whom_to_trust(
    ledger_dsn: str, approvers: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Settings(ledger_dsn=ledger_dsn, approvers=approvers)
    monkeypatch.setattr(change_cli, "settings", lambda: here)
    assert why in refused("activate", "x")[1]
