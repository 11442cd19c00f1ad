"""`recordgate decide-file`: outsiders test the rules with a text file, and learn where it is wrong."""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from recordgate_schemas.errors import UsageError
from recordgate_streams.cli.decide_file import decide_file
from recordgate_streams.ruleset import SHIPPED

FIRST = Path(__file__).resolve().parents[4] / "docs/examples/first.jsonl"
NOW = "2025-06-03T09:00:00Z"
app = typer.Typer()
app.command()(decide_file)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines(*arguments: object) -> list[Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def written(folder: Path, *objects: Any) -> Path:
    file = folder / "scenario.jsonl"
    file.write_text("\n".join(o if isinstance(o, str) else json.dumps(o) for o in objects))
    return file


def first() -> list[Any]:
    text = FIRST.read_text("utf-8").splitlines()
    return [json.loads(line) for line in text if not line.startswith("#")]


def test_the_documented_example_prints_every_decision_with_its_reasons() -> None:
    decided = {one["entry_id"]: one for one in lines(FIRST, "--now", NOW)}
    shown, kept = decided["A82038/emis/e0"], decided["A82038/emis/letter-8"]
    assert (shown["outcome"], shown["dropped_kinds"]) == ("RELEASED_REDACTED", ["free_text"])
    assert kept["outcome"] == "NOT_ELIGIBLE"
    assert [one["reason"] for one in kept["reasons"]] == ["LEVEL", "THIRD_PARTY"]


def test_people_read_a_table_and_the_steps_that_led_there() -> None:
    printed = run(FIRST, "--now", NOW, "--steps").output
    assert "patient 1, event 3 (entry): A82038/emis/e0 self: - -> RELEASED_REDACTED" in printed
    assert "THIRD_PARTY" in printed


def test_a_patient_is_a_number_of_the_file_and_never_an_nhs_number() -> None:
    assert "9990000018" not in run(FIRST, "--now", NOW, "--steps").output
    assert "9990000018" not in run(FIRST, "--now", NOW, "--json").output


def test_two_patients_are_decided_apart(tmp_path: Path) -> None:
    events = first()
    other = json.loads(json.dumps(events[2]).replace("9990000018", "9990000026"))
    decided = lines(written(tmp_path, *events, other), "--now", NOW)
    assert {(one["patient"], one["outcome"]) for one in decided} == {
        (1, "RELEASED_REDACTED"),
        (1, "NOT_ELIGIBLE"),
        (2, "HELD"),
    }


def test_a_control_nobody_can_read_holds_the_patient_and_one_that_confirms_frees_them(
    tmp_path: Path,
) -> None:
    unreadable = {"at": NOW, "unreadable": True}
    confirmed = {**first()[0]["control"], "change": {"type": "StateConfirmed", "through": 2}}
    held = lines(written(tmp_path, *first(), unreadable), "--now", NOW)
    freed = lines(
        written(tmp_path, *first(), unreadable, {"at": NOW, "control": confirmed}), "--now", NOW
    )
    assert [one["outcome"] for one in held] == ["HELD", "HELD"]
    assert freed[0]["outcome"] == "RELEASED_REDACTED"


def test_tasks_are_printed_too(tmp_path: Path) -> None:
    coded = {**first()[0]["control"], "effective_at": "2025-06-03T08:00:00+00:00"}
    coded["change"] = {"type": "AccessReviewCoded", "code": "needed_104"}
    printed = lines(written(tmp_path, *first(), {"at": NOW, "control": coded}), "--now", NOW)
    assert printed[-1] == {
        "patient": 1,
        "task": "ACCESS_REVIEW",
        "audience": "self",
        "entry_id": None,
    }


def test_a_hint_in_a_body_holds_as_it_does_in_the_lanes(tmp_path: Path) -> None:
    rules = with_hints(tmp_path / "rules")
    body = b'{"resourceType":"Observation","note":[{"text":"Do not tell the patient yet."}]}'
    events = first()
    (entry,) = [event["entry"] for event in events if "entry" in event][:1]
    entry["body"] = base64.b64encode(body).decode()
    entry["body_sha256"] = base64.b64encode(hashlib.sha256(body).digest()).decode()
    decided = lines(written(tmp_path, *events), "--now", NOW, "--rules", rules)
    reasons = {r["reason"] for r in decided[0]["reasons"]}
    assert (decided[0]["entry_id"], decided[0]["outcome"]) == (entry["entry_id"], "HELD")
    assert "TEXT_HINT" in reasons


def with_hints(folder: Path) -> Path:
    """A copy of the shipped ruleset that looks for phrases in bodies."""
    shutil.copytree(SHIPPED, folder)
    file = folder / "ruleset.toml"
    text = file.read_text("utf-8")
    assert "text_hints = false" in text
    file.write_text(text.replace("text_hints = false", "text_hints = true"), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("at", "outcome"), [("2025-06-02", "HELD"), ("2025-06-04", "RELEASED_REDACTED")]
)
def test_a_ruleset_decides_from_the_day_on_which_a_scenario_activates_it(
    tmp_path: Path, at: str, outcome: str
) -> None:
    with_hints(tmp_path / "stricter")
    body = b'{"resourceType":"Observation","note":[{"text":"Do not tell the patient yet."}]}'
    events = first()
    (entry,) = [event["entry"] for event in events if "entry" in event][:1]
    entry["body"] = base64.b64encode(body).decode()
    entry["body_sha256"] = base64.b64encode(hashlib.sha256(body).digest()).decode()
    entry["elements"] = [{"kind": "free_text", "pointer": "/note", "entry_id": None}]
    events.append({"at": f"{at}T08:00:00Z", "rules": "stricter"})
    decided = {one["entry_id"]: one for one in lines(written(tmp_path, *events), "--now", NOW)}
    assert decided[entry["entry_id"]]["outcome"] == outcome
    printed = run(written(tmp_path, *events), "--now", NOW, "--steps").output
    assert "(ruleset)" in printed


WRONG = [
    ("no JSON", ["{"], ":1: is not JSON"),
    ("no object", ["[]"], ":1: an event is an object"),
    ("neither entry nor control", [{"at": NOW}], ":1: an event is an object"),
    ("rules that are no path", [{"at": NOW, "rules": 1}], ":1: rules: must be the path"),
    ("rules that are not there", [{"at": NOW, "rules": "nowhere"}], ":1: "),
    (
        "a field nobody knows",
        [{"at": NOW, "control": {}, "colour": 1}],
        ":1: 1 unknown field; known: at, ",
    ),
    ("no instant", [{"entry": {}}], ":1: at: must be an ISO 8601 instant"),
    ("no offset", [{"at": "2025-06-03T09:00:00", "entry": {}}], ":1: at: must carry an offset"),
    ("an entry that is none", [{"at": NOW, "entry": 1}], ":1: entry: must be an object"),
    (
        "a position that is none",
        [{"at": NOW, "unreadable": True, "position": "x"}],
        ":1: position: must",
    ),
    ("a deep nest", ['{"at": ' + "[" * 100_000], ":1: is not JSON"),
    ("a field that is missing", [{"at": NOW, "entry": {"entry_id": "x"}}], ":1: ClinicalEntry"),
]


@pytest.mark.parametrize(("events", "why"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_an_error_names_file_and_line(tmp_path: Path, events: Any, why: str) -> None:
    error = run(written(tmp_path, *events)).exception
    assert isinstance(error, UsageError)
    assert f"scenario.jsonl{why}" in str(error)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    error = run(written(tmp_path, "{", "# a remark", "", {"at": NOW}, *first())).exception
    assert str(error).count("\n") == 1
    assert "scenario.jsonl:1:" in str(error)
    assert "scenario.jsonl:4:" in str(error)


def test_a_missing_file_and_a_time_that_is_none_are_refused(tmp_path: Path) -> None:
    missing, badly = run(tmp_path / "none.jsonl").exception, run(FIRST, "--now", "noon").exception
    assert "cannot be read" in str(missing)
    assert "now: must be an ISO 8601 instant" in str(badly)


EXAMPLES = sorted(FIRST.parent.glob("*.jsonl"))


def _said(file: Path, word: str) -> list[list[str]]:
    """The words of the comments that begin with this one."""
    comments = [line[1:].split() for line in file.read_text("utf-8").splitlines() if line[0] == "#"]
    return [words[1:] for words in comments if words[0] == word]


@pytest.mark.parametrize("file", [f for f in EXAMPLES if f != FIRST], ids=lambda file: file.stem)
def test_a_worked_example_ends_as_it_says(file: Path) -> None:
    ((now,),) = _said(file, "now")
    decided = {
        (str(one["patient"]), one["entry_id"], one["audience"]): one
        for one in lines(file, "--now", now)
        if "entry_id" in one and "outcome" in one
    }
    expected = [words if words[0] in "12" else ["1", *words] for words in _said(file, "expect")]
    assert len(expected) > 1
    for patient, entry_id, audience, outcome, *reason in expected:
        found = decided[patient, entry_id, audience]
        assert (found["outcome"], found["version"]) == (outcome, 1)
        assert reason == [] or reason[0] in [one["reason"] for one in found["reasons"]]


def test_the_page_names_every_example() -> None:
    page = (FIRST.parents[1] / "scenarios.md").read_text("utf-8")
    assert [f.name for f in EXAMPLES if f"docs/examples/{f.name}" not in page] == []


@pytest.mark.parametrize("name", ["kind", "readiness", "recorded_at", "practice"])
def test_what_decides_is_never_supplied(tmp_path: Path, name: str) -> None:
    given = {
        "entry_id": "e", "nhs_number": "9990000018", "practice": "A82038",
        "kind": "consultation", "readiness": "final", "recorded_at": NOW,
    }  # fmt: skip
    assert lines(written(tmp_path, {"at": NOW, "entry": given}))[0]["version"] == 1
    less = {key: value for key, value in given.items() if key != name}
    result = run(written(tmp_path, {"at": NOW, "entry": less}))
    assert isinstance(result.exception, UsageError)
    assert name in str(result.exception)
