"""What `recordgate publish` refuses is kept: every item, where it lies, why, and its bytes, in a private file."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from recordgate_producers import refusals
from recordgate_producers.refusals import Refusal, RefusalFile
from recordgate_runtime.process import ExitCode
from recordgate_schemas.errors import UsageError
from tests.unit.producers.bundles import bundle, observation
from tests.unit.producers.test_publish_command import CONTROL, Recorder, publish

THEIRS = observation("theirs", subject={"reference": "Patient/other"})
OURS = observation("ours")


def record(folder: Path, *resources: dict[str, Any]) -> Path:
    path = folder / "record.json"
    path.write_text(json.dumps(bundle(*resources)), "utf-8")
    return path


def kept(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("*"))
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def test_a_refused_resource_is_kept_whole_and_its_neighbour_is_published(
    tmp_path: Path, home: Path
) -> None:
    path, target = record(tmp_path, THEIRS, OURS), Recorder()
    result = publish(path, target=target)
    assert result.exit_code == ExitCode.FINDING
    assert [one.entry_id.rpartition("/")[2] for one in target.sent] == ["ours"]  # type: ignore[union-attr]
    (one,) = kept(home / "refused")
    assert one["json"]["resource"] == THEIRS
    assert (one["path"], one["type"]) == (str(path), "Observation")
    assert json.loads(path.read_text())["entry"][int(one["place"][13:-1])] == one["json"]
    assert (
        one["why"]
        == "names another patient, or belongs to what does; publish it in that patient's record"
    )
    assert "kept in" in result.stdout


def test_a_refused_control_is_kept_with_its_line(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "controls.jsonl"
    wrong = json.dumps(CONTROL | {"nhs_number": "1234567890"})
    path.write_text(f"{json.dumps(CONTROL)}\n{wrong}\n{{oops\n", "utf-8")
    result = publish(path)
    assert result.exit_code == ExitCode.FINDING
    first, second = kept(home / "refused")
    assert (first["place"], first["json"]) == ("line 2", json.loads(wrong))
    assert (second["place"], base64.b64decode(second["base64"])) == ("line 3", b"{oops")
    assert "1234567890" not in result.stdout + result.stderr


def test_a_record_from_the_future_is_refused_whole_and_published_with_the_time_of_its_export(
    tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(bundle(OURS) | {"timestamp": "2150-01-01T00:00:00Z"}), "utf-8")
    target = Recorder()
    result = publish(path, target=target)
    assert (result.exit_code, target.sent) == (ExitCode.FINDING, [])
    (one,) = kept(home / "refused")
    assert one["why"] == "states an extraction in the future; give --as-of, the time of the export"
    publish(path, "--as-of", "2026-01-01T00:00:00Z", target=target)
    assert len(target.sent) == 1


def test_a_whole_source_that_was_piped_in_is_kept(home: Path) -> None:
    content = b'{"resourceType":"OperationOutcome"}'
    publish("-", stdin=content)
    (one,) = kept(home / "refused")
    assert (one["source"], one["path"]) == ("standard input", None)
    assert one["json"] == json.loads(content)
    assert one["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_same_refusals_again_are_kept_once_and_the_mended_record_is_published(
    tmp_path: Path, home: Path
) -> None:
    path = record(tmp_path, THEIRS, OURS)
    publish(path)
    publish(path)
    assert len(kept(home / "refused")) == 1
    target = Recorder()
    assert publish(record(tmp_path, OURS), target=target).exit_code == ExitCode.OK
    assert len(kept(home / "refused")) == 1


def test_nothing_refused_makes_no_file_and_neither_does_a_dry_run(
    tmp_path: Path, home: Path
) -> None:
    publish(record(tmp_path, OURS))
    publish(record(tmp_path, THEIRS), "--dry-run")
    assert not (home / "refused").exists()


def test_what_was_refused_is_kept_when_kafka_cuts_the_run_short(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    record(folder, THEIRS).rename(folder / "a.json")
    record(folder, OURS).rename(folder / "b.json")
    result = publish(folder, target=Recorder(fail_after=3))
    assert result.exit_code == ExitCode.DEPENDENCY_DOWN
    assert len(kept(home / "refused")) == 1


def test_the_account_for_programs_names_the_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    result = publish(record(tmp_path, THEIRS), "--json", "--refused", elsewhere)
    account = json.loads(result.stdout)
    assert Path(account["refused_file"]).parent == elsewhere
    assert account["totals"]["refused"] == len(kept(elsewhere)) == 1


def test_a_folder_that_cannot_be_written_is_one_line_and_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = publish(record(tmp_path, THEIRS), "--refused", tmp_path / "file")
    assert result.exit_code == ExitCode.USAGE
    assert "cannot be kept in" in result.stderr
    assert "--refused" in result.stderr


def test_of_an_item_beyond_the_bound_the_place_and_hash_are_kept(tmp_path: Path) -> None:
    large = b"x" * (refusals.MOST_BYTES + 1)
    file = RefusalFile(tmp_path)
    file.add([Refusal("a", tmp_path / "a", "", "", "too large", large)])
    file.close()
    (one,) = kept(tmp_path)
    assert one["sha256"] == hashlib.sha256(large).hexdigest()
    assert not {"json", "base64"} & one.keys()


def test_a_refusal_does_not_show_its_content() -> None:
    secret = Refusal("a", None, "", "", "why", b"seen today")
    assert "seen" not in repr(secret)
    with pytest.raises(UsageError, match="cannot be kept"):
        RefusalFile(Path("/dev/null/x")).add([secret])


def test_a_run_that_is_killed_leaves_what_it_had_refused(tmp_path: Path) -> None:
    killed, later = RefusalFile(tmp_path), RefusalFile(tmp_path)
    killed.add([Refusal("a", None, "", "", "why", b"{}")])
    later.add([Refusal("b", None, "", "", "why", b"{}")])
    later.close()
    assert {one["source"] for one in kept(tmp_path)} == {"a", "b"}
