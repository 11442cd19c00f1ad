"""The way of a ruleset by its commands: rehearse, approve, activate, look, and back again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.process import ExitCode, exit_code
from recordgate_runtime.settings import settings
from recordgate_runtime.signing_keys import private_key
from recordgate_schemas.entry import Coding
from recordgate_schemas.errors import RecordgateError
from recordgate_schemas.values import EntryId
from recordgate_streams.cli import approvers as approvers_cli
from recordgate_streams.rollout.approvers import approver_set, sign_change, trusted_approvers
from recordgate_streams.ruleset import SHIPPED, document
from tests.support.builders import PRACTICE, RULESET, access, entry, registered
from tests.support.ledger import Ledger
from tests.support.rules import ANN, BEN, CODE, Rules, public, with_code_set

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
def _on_this_ledger(ledger_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger_dsn)
    settings.cache_clear()
    yield
    settings.cache_clear()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(approvers_cli.app, [str(argument) for argument in arguments])


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
    output = ok("rehearse", packed, "--save")
    name = output.splitlines()[-1].removeprefix("rehearsal ")

    assert "disappears: 1 (50.000%)" in output
    assert "disappears, COURT: 1 (50.000%)\n    such as victim\n" in output
    assert "patients/s" in output
    for who in (ANN, BEN):
        ok("approve", name[:12], "--key", tmp_path / f"{who}.pem", "--name", who)
    code, why = refused("activate", name)
    assert code == ExitCode.FINDING
    assert "1 of 2 released, 50.000%, is more than the limit of 0.100%" in why
    assert status()["generation"] == 0

    for who in (ANN, BEN):
        key = ("--key", tmp_path / f"{who}.pem", "--name", who)
        ok("approve", name, *key, "--accept-disappear", 1)
    assert f"{RULESET.hash[:12]} -> {NEW.hash[:12]}" in ok("activate", name)
    assert f"{NEW.hash[:12]}, generation 1" in ok("status")
    assert "applied to partition 0: 0 of 1 patients, running" in ok("status")
    rules.apply()
    assert "applied to partition 0: 1 of 1 patients, finished" in ok("status")
    assert ledger.view() == {"survivor": 1}

    back = json.loads(ok("rehearse", "--former", "--json"))
    assert (back["ruleset"], back["against"]) == (RULESET.hash, NEW.hash)
    assert back["totals"]["appears"]["n"] == 1


@pytest.mark.usefixtures("rules")
def test_an_approval_signed_elsewhere_is_taken_in(tmp_path: Path) -> None:
    packed = document.pack(NEW, tmp_path)
    name = json.loads(ok("rehearse", packed, "--save", "--json"))["rehearsal"]
    signer = ("--name", ANN, "--key", tmp_path / "ann.pem", "--out", tmp_path)
    counted = ("sign", packed, "--accept-disappear", 1, *signer)
    file = Path(ok(*counted, "--rehearsal", name).strip())

    ok("approve", name, "--approval", file)

    assert status()["open"][0]["approvers"] == [ANN]
    assert "approved by ann" in ok("status")
    ok(*counted, "--rehearsal", name[:16] + "0" * 48)
    assert refused("approve", name, "--approval", file) == (
        ExitCode.FINDING,
        "approval of ann: is for another rehearsal; sign again",
    )
    file.write_text("{}", "utf-8")
    code, why = refused("approve", name, "--approval", file)
    assert code == ExitCode.FINDING
    assert "no compact JWS: three parts in base64url, nothing before or after; make one" in why


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
    "two rulesets": (("rehearse", "--former", SHIPPED), "name a bundle folder"),
    "two parts": (("rehearse", SHIPPED, "--sample", 1, "--practice", "A82038"), "not both"),
    "no former one": (("rehearse", "--former"), "nothing was in force before"),
    "no key": (("approve", "x"), "give --key and --name"),
    "no name": (("approve", "x", "--key", "ann.pem"), "give --key and --name"),
    "two ways": (("approve", "x", "--name", "ann", "--approval", "a.jws"), "give --key and --name"),
    "no rehearsal": (("approve", "x", "--key", "ann.pem", "--name", "ann"), "not known"),
    "no rehearsal to activate": (("activate", "x"), "not known"),
}


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_command_says_what_would_be_right(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jws").write_text("x")
    arguments, message = WRONG[what]
    code, why = refused(*arguments)

    assert code == ExitCode.USAGE
    assert message in why


def test_nothing_was_decided_yet(ledger: Ledger) -> None:
    ledger.owner.execute("truncate active_ruleset")

    assert "nothing was decided yet" in refused("status")[1]


def approvers_file(folder: Path, table: dict[str, str]) -> Path:
    file = folder / "approvers.toml"
    lines = [f'{name} = "{key}"' for name, key in table.items()]
    file.write_text("\n".join(["[approvers]", *lines]), "utf-8")
    return file


def test_the_first_approvers_are_installed_once(
    ledger: Ledger, rules: Rules, tmp_path: Path
) -> None:
    file = approvers_file(tmp_path, public(rules.keys))
    code, why = refused("approvers", "init", file)
    assert code == ExitCode.FINDING
    assert "this ledger has approvers already; two of them change the set" in why

    ledger.owner.execute("truncate approver_change cascade")
    assert "none in this ledger; install the first with" in refused("approvers", "list")[1]
    assert ok("approvers", "init", file).startswith("approvers ann, ben; digest ")
    assert [line.split()[0] for line in ok("approvers", "list").splitlines()] == [
        "ann",
        "ben",
        "change",
    ]


def test_approvers_change_by_two_signatures_and_the_history_stays(
    rules: Rules, tmp_path: Path
) -> None:
    ok("keygen", tmp_path / "eve.pem")
    known = public(rules.keys)
    eve = public({"eve": private_key(tmp_path / "eve.pem")})
    table = approvers_file(tmp_path, {ANN: known[ANN], **eve})
    *lines, proposal = ok("approvers", "propose", table, "--out", tmp_path).splitlines()
    assert lines == [f"eve: added, {eve['eve']}", "ben: removed"]

    def sign(who: str) -> str:
        signer = ("--key", tmp_path / f"{who}.pem", "--name", who, "--out", tmp_path)
        return ok("approvers", "approve", proposal, *signer).splitlines()[-1]

    by_ann, by_ben, by_eve = (sign(who) for who in (ANN, BEN, "eve"))
    assert "1 of 2 different former approvers" in refused("approvers", "change", by_ann)[1]
    assert "eve: not among the trusted" in refused("approvers", "change", by_ann, by_eve)[1]
    assert ok("approvers", "change", by_ann, by_ben).splitlines() == [*lines, "change 1"]
    assert "ben: not among the trusted" in refused("approvers", "change", by_ann, by_ben)[1]

    assert ok("approvers", "list").splitlines()[:-1] == [
        f"ann {known[ANN]} from change 0 to now",
        f"ben {known[BEN]} from change 0 to change 1",
        f"eve {eve['eve']} from change 1 to now",
    ]
    back = ok("approvers", "propose", approvers_file(tmp_path, known), "--out", tmp_path)
    assert "ben: added" in back


def test_of_two_changes_at_once_one_is_refused(rules: Rules) -> None:
    former = trusted_approvers(rules.reader.approvers.changes()).set
    proposed = approver_set(former.approvers, former.digest)
    signatures = [sign_change(proposed, who, rules.keys[who]) for who in (ANN, BEN)]
    put = rules.keeper.approvers.put
    given = (proposed.document, proposed.digest, signatures, SystemClock().now())
    assert [put(1, *given), put(1, *given)] == [True, False]
