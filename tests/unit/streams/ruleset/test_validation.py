"""Whatever is wrong with a bundle is reported with file, line and what would be right; all of it at once."""

from pathlib import Path

import pytest

from recordgate_schemas.errors import UsageError
from recordgate_streams import ruleset
from recordgate_streams.ruleset import BadRuleset
from tests.unit.streams.ruleset.bundles import changed, copied
from tests.unit.streams.ruleset.wrong_bundles import CHILD, HINTS, REASONS, RULES, WRONG, Wrong


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong.what for wrong in WRONG])
def test_a_problem_is_reported_with_its_file_and_line(tmp_path: Path, wrong: Wrong) -> None:
    bundle = changed(tmp_path, wrong.file, wrong.old, wrong.new)
    lines = (bundle / wrong.file).read_text("utf-8").splitlines()
    places = {f"{wrong.file}:{n}: " for n, line in enumerate(lines, 1) if wrong.line in line}
    with pytest.raises(BadRuleset) as caught:
        ruleset.load(bundle)
    reported = str(caught.value).splitlines()
    assert [
        line for line in reported if wrong.message in line and line.startswith(tuple(places))
    ], reported


def test_all_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    bundle = changed(tmp_path, RULES, "on_104 =", "on_140 =")
    (bundle / HINTS).unlink()
    (bundle / CHILD).write_text("id = 'child'\nmembers = ['12', '13']\n", "utf-8")
    with pytest.raises(BadRuleset) as caught:
        ruleset.load(bundle)
    reported = str(caught.value)
    assert "switches.on_140: unknown key" in reported
    assert "hints.toml:1: the file is missing" in reported
    assert f"{CHILD}:2: members[0]: " in reported
    assert f"{CHILD}:2: members[1]: " in reported
    assert f"{CHILD}:1: reason: is missing; add it" in reported
    assert len(caught.value.problems) == len(reported.splitlines())


def test_a_grant_stops_after_its_review(tmp_path: Path) -> None:
    bundle = changed(tmp_path, RULES, "proxy_review_age = 11", "proxy_review_age = 12")
    text = (bundle / RULES).read_text("utf-8")
    (bundle / RULES).write_text(text.replace("stop_age = 13", "stop_age = 11"), "utf-8")
    with pytest.raises(BadRuleset, match=r"numbers\.proxy_stop_age: is below proxy_review_age"):
        ruleset.load(bundle)


def test_a_missing_reason_is_named(tmp_path: Path) -> None:
    bundle = copied(tmp_path)
    text = (bundle / REASONS).read_text("utf-8")
    start = text.index("[reasons.COURT]")
    (bundle / REASONS).write_text(text[:start] + text[text.index("[reasons.MISFILED]") :], "utf-8")
    with pytest.raises(BadRuleset, match=r"COURT is missing; add \[reasons.COURT\]"):
        ruleset.load(bundle)


def test_a_file_that_is_not_utf_8_is_reported(tmp_path: Path) -> None:
    bundle = copied(tmp_path)
    (bundle / HINTS).write_bytes(b"[[hints]]\nphrase = '\xff'\n")
    with pytest.raises(BadRuleset, match=r"hints\.toml:1: is not UTF-8"):
        ruleset.load(bundle)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRuleset) as caught:
        ruleset.load(tmp_path)
    assert len(caught.value.problems) == 5


def test_a_bundle_without_code_sets_is_refused(tmp_path: Path) -> None:
    bundle = copied(tmp_path)
    for file in (bundle / "code_sets").iterdir():
        file.unlink()
    with pytest.raises(BadRuleset, match="code_sets:1: no code set"):
        ruleset.load(bundle)


def test_a_wrong_ruleset_is_an_error_of_whoever_wrote_it() -> None:
    assert issubclass(BadRuleset, UsageError)


def test_an_unchanged_copy_is_the_shipped_ruleset(tmp_path: Path) -> None:
    assert ruleset.load(copied(tmp_path)) == ruleset.current()
