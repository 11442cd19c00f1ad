"""`recordgate publish`: order of publishing, one-line errors, exit status, the account."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import typer
from typer.testing import CliRunner

from recordgate_producers import cli, publishing, sources
from recordgate_runtime.process import ExitCode, exit_code
from recordgate_runtime.service_keys import is_signed_with, key_id_of
from recordgate_runtime.signing_keys import new_key, public_key
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import PoisonError, RecordgateError, RetryableError, UsageError
from tests.unit.producers.bundles import NUMBER, bundle, nopat, observation, patient

CONTROL = {
    "control_id": "c1",
    "nhs_number": NUMBER,
    "effective_at": "2026-06-01T08:00:00+00:00",
    "source": "test",
    "change": {"type": "AccessDeclined"},
}


class Recorder:
    """Notes what is published, in order; takes the place of Kafka."""

    def __init__(self, fail_after: int = 10**9) -> None:
        self.sent: list[Control | ClinicalEntry] = []
        self._left = fail_after

    def publish_controls(self, controls: Iterable[Control]) -> int:
        return self._take(list(controls))

    def publish_entries(self, entries: Iterable[ClinicalEntry]) -> int:
        return self._take(list(entries))

    def _take(self, messages: list[Any]) -> int:
        self._left -= 1
        if self._left < 0:
            raise RetryableError("entries: not acknowledged by Kafka; repeat")
        self.sent += messages
        return len(messages)

    def kinds(self) -> list[str]:
        return [type(getattr(one, "change", one)).__name__ for one in self.sent]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def record_file(folder: Path, name: str = "a.json", **fields: Any) -> Path:
    path = folder / name
    path.write_text(
        json.dumps(bundle(observation("x"), nopat(observation("y")), **fields)), "utf-8"
    )
    return path


@dataclass(frozen=True)
class Ended:
    """How a command ended: an error of ours becomes one line and a status, as in the program `recordgate`."""

    exit_code: int
    stdout: str
    stderr: str


def publish(*args: object, target: Recorder | None = None, stdin: bytes = b"") -> Ended:
    app = typer.Typer()
    recorder = target or Recorder()
    cli.mount(app, lambda: recorder)  # type: ignore[arg-type,return-value]
    result = CliRunner().invoke(app, ["publish", *map(str, args)], input=stdin)
    if isinstance(error := result.exception, RecordgateError):
        return Ended(exit_code(error), result.stdout, f"{result.stderr}recordgate: {error}\n")
    return Ended(result.exit_code, result.stdout, result.stderr)


def test_a_control_that_must_be_signed_is_signed_with_the_key_of_the_file(tmp_path: Path) -> None:
    public = new_key(tmp_path / "key.pem")
    opens = CONTROL | {
        "change": {"type": "EntryShown", "entry_id": "A82038:emis:List/1", "cause": "nopat"}
    }
    lines = tmp_path / "controls.jsonl"
    lines.write_text(f"{json.dumps(opens)}\n{json.dumps(CONTROL)}\n", "utf-8")
    target = Recorder()
    refused = publish(lines, "--refused", tmp_path / "refused", target=target)
    assert refused.exit_code == ExitCode.FINDING
    assert "controls.jsonl:1: EntryShown: counts only with the signature" in refused.stderr
    assert target.kinds() == ["AccessDeclined"]

    target = Recorder()
    assert publish(lines, "--sign-with", tmp_path / "key.pem", target=target).exit_code == 0
    signed, plain = (one for one in target.sent if isinstance(one, Control))
    key = public_key(public)
    assert is_signed_with(signed, key_id_of(key), key)
    assert plain.signature == ""


def test_a_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    new_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o644)
    target = Recorder()
    ended = publish(record_file(tmp_path), "--sign-with", tmp_path / "key.pem", target=target)
    assert (ended.exit_code, target.sent) == (ExitCode.USAGE, [])
    assert "others may read it" in ended.stderr


def test_registration_and_hides_go_first_then_entries_then_the_list_of_all(tmp_path: Path) -> None:
    target = Recorder()
    options = ("--register", "--registered-on", "2020-01-01", "--snapshot")
    result = publish(record_file(tmp_path), *options, target=target)
    assert result.exit_code == ExitCode.OK, result.stderr
    assert target.kinds() == [
        "Registered", "AccessLevelSet", "EntryHidden", "ClinicalEntry", "ClinicalEntry", "RecordSnapshot",
    ]  # fmt: skip


def test_nothing_is_registered_unless_asked(tmp_path: Path) -> None:
    target = Recorder()
    publish(record_file(tmp_path), target=target)
    assert target.kinds() == ["EntryHidden", "ClinicalEntry", "ClinicalEntry"]


def test_a_dry_run_sends_nothing_and_accounts_for_everything(tmp_path: Path) -> None:
    target = Recorder()
    result = publish(record_file(tmp_path), "--dry-run", "--json", target=target)
    totals = json.loads(result.stdout)["totals"]
    assert target.sent == []
    assert (totals["resources"], totals["published"] + totals["contained"] + totals["skipped"]) == (
        4,
        4,
    )


def test_folders_gzip_and_control_lines_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    record_file(tmp_path / "sub", "b.json")
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(json.dumps(bundle()).encode()))
    (tmp_path / "d.jsonl").write_text(json.dumps(CONTROL) + "\n\n", "utf-8")
    (tmp_path / "README.md").write_text("not a record", "utf-8")
    names = [Path(one.name).name for one in sources.find([str(tmp_path)])]
    assert names == ["c.json.gz", "d.jsonl", "b.json"]
    target = Recorder()
    assert publish(tmp_path, target=target).exit_code == ExitCode.OK
    assert target.kinds() == ["AccessDeclined", "EntryHidden", "ClinicalEntry", "ClinicalEntry"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not JSON (line 1"),
        (b"", "not JSON"),
        (b'{"resourceType":"OperationOutcome"}', "an error answer"),
        (b"\x1f\x8b\x08broken", "broken gzip"),
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "broken gzip"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_a_bad_file_is_one_line_with_its_name_and_the_others_go_through(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / "0-bad.json").write_bytes(content)
    record_file(tmp_path)
    target = Recorder()
    result = publish(tmp_path, target=target)
    assert result.exit_code == ExitCode.FINDING
    assert len(target.sent) == 3
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1
    assert "0-bad.json: " in lines[0]
    assert problem in lines[0]


def test_a_bad_control_line_is_named_by_file_and_line_and_the_others_go_through(
    tmp_path: Path,
) -> None:
    path = tmp_path / "controls.ndjson"
    lines = [
        CONTROL,
        CONTROL | {"nhs_number": "1234567890"},
        CONTROL | {"change": {"type": "Nope"}},
        CONTROL,
    ]
    path.write_bytes(b"\n".join(json.dumps(one).encode() for one in lines) + b"\n{oops")
    target = Recorder()
    result = publish(path, target=target)
    assert result.exit_code == ExitCode.FINDING
    assert target.kinds() == ["AccessDeclined", "AccessDeclined"]
    errors = result.stderr.strip().splitlines()
    assert [line.split(": ")[1].rpartition(":")[2] for line in errors] == ["2", "3", "5"]
    assert "1234567890" not in result.stderr


def test_gzip_that_unpacks_without_end_is_stopped(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.json.gz"
    bomb.write_bytes(gzip.compress(b" " * (64 * 1024 * 1024)))
    with pytest.raises(PoisonError, match="more than 4 MiB"):
        sources.read(sources.find([str(bomb)])[0], limit_bytes=4 * 1024 * 1024)


def test_standard_input_takes_a_record_or_control_lines() -> None:
    target = Recorder()
    assert publish("-", target=target, stdin=json.dumps(bundle()).encode()).exit_code == ExitCode.OK
    controls = f"{json.dumps(CONTROL)}\n{json.dumps(CONTROL)}\n".encode()
    assert publish("-", target=target, stdin=controls).exit_code == ExitCode.OK
    assert publish("-", target=target, stdin=gzip.compress(controls)).exit_code == ExitCode.OK
    assert target.kinds() == ["AccessDeclined"] * 4


def test_the_number_may_come_from_a_file_or_standard_input_and_is_never_shown(
    tmp_path: Path,
) -> None:
    path = record_file(tmp_path)
    given = tmp_path / "numbers"
    given.write_text("p 9990000026\n\n", "utf-8")
    for args, stdin in (
        (["--nhs-number-file", given], b""),
        (["--nhs-number", "-"], b"999 000 0026\n"),
    ):
        target = Recorder()
        result = publish(path, *args, target=target, stdin=stdin)
        assert {one.nhs_number.digits for one in target.sent} == {"9990000026"}
        assert "9990000026" not in result.stdout + result.stderr


NUMBERED = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000034"}]


@pytest.mark.parametrize("other_patient", [{"id": "q"}, {"id": "p", "identifier": NUMBERED}])
def test_one_number_never_serves_two_patients(
    tmp_path: Path, other_patient: dict[str, Any]
) -> None:
    record_file(tmp_path, "a.json")
    record_file(tmp_path, "a-later.json")
    other = bundle(observation("z", subject=None))
    other["entry"][0]["resource"] = patient(**other_patient)
    (tmp_path / "b.json").write_text(json.dumps(other), "utf-8")
    target = Recorder()
    result = publish(tmp_path, "--nhs-number", "9990000026", target=target)
    assert result.exit_code == ExitCode.FINDING
    assert "b.json: another patient than the file before" in result.stderr
    assert len(target.sent) == 6


@pytest.mark.parametrize(
    "args",
    [
        ["missing.json"],
        ["-", "--nhs-number", "12345"],
        ["-", "--nhs-number", "-"],
        ["-", "--practice", "not ods"],
        ["-", "--system", "NOT A SYSTEM"],
        ["-", "--as-of", "yesterday"],
        ["-", "--registered-on", "x"],
        ["-", "--nhs-number-file", "missing"],
    ],
)
def test_a_wrong_option_or_path_is_one_line_and_publishes_nothing(args: list[str]) -> None:
    target = Recorder()
    result = publish(*args, target=target)
    assert result.exit_code == ExitCode.USAGE
    assert len(result.stderr.strip().splitlines()) == 1
    assert target.sent == []


def test_kafka_away_ends_the_run_with_its_own_status_and_an_account(tmp_path: Path) -> None:
    record_file(tmp_path, "a.json")
    record_file(tmp_path, "b.json")
    result = publish(tmp_path, target=Recorder(fail_after=4))
    assert result.exit_code == ExitCode.DEPENDENCY_DOWN
    assert "not acknowledged" in result.stderr
    assert "files 1," in result.stdout


def test_the_list_of_all_entries_is_not_sent_if_an_entry_was_not(tmp_path: Path) -> None:
    target = Recorder(fail_after=1)
    found = sources.find([str(record_file(tmp_path))])
    with pytest.raises(RetryableError):
        list(publishing.publish(found, publishing.Options(snapshot=True), target))
    assert target.kinds() == ["EntryHidden"]


def test_equal_mistakes_are_one_line_with_their_number(tmp_path: Path) -> None:
    theirs = [observation(f"o{n}", subject={"reference": "Patient/other"}) for n in range(5)]
    (tmp_path / "a.json").write_text(json.dumps(bundle(*theirs)), "utf-8")
    result = publish(tmp_path)
    assert result.exit_code == ExitCode.FINDING
    assert "entry 2 and 4 more: Observation: names another patient" in result.stderr


def test_progress_is_shown_on_terminals_only(tmp_path: Path) -> None:
    result = publish(record_file(tmp_path))
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


def test_a_path_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        sources.find(["nowhere"])
