"""Reference sets of release format 2: the active members, and errors that name file, line and column."""

import shutil
from pathlib import Path

import pytest

from recordgate_schemas.errors import UsageError
from recordgate_streams import ruleset
from recordgate_streams.ruleset import BadRuleset
from recordgate_streams.ruleset.rf2 import HEAD, read_reference_set
from recordgate_streams.ruleset.set_file import write_members
from tests.support.sources import ROOT
from tests.unit.streams.ruleset.bundles import copied

FILES = ROOT / "tests/data/rf2"
SNAPSHOT = FILES / "der2_Refset_SyntheticSnapshot_XX9999999_20251101.txt"
FULL = FILES / "der2_Refset_SyntheticFull_XX9999999_20251101.txt"
REFSET, OTHER = "999019999999101", "999029999999108"
FIRST, SECOND, RETIRED, OLD = "999109999999102", "999119999999100", "999129999999107", "999139999999109"  # fmt: skip


def test_a_snapshot_gives_the_active_members_of_one_set() -> None:
    found = read_reference_set(SNAPSHOT, REFSET)
    assert found.members == (FIRST, SECOND, OLD)
    assert (found.version, found.rows) == ("20251001", 4)
    assert found.provenance.startswith(f"{SNAPSHOT.name}, SHA-256 ")


def test_of_a_full_file_the_newest_row_of_a_member_counts() -> None:
    """The first was retired and came back, the second was retired last."""
    assert read_reference_set(FULL, REFSET).members == (FIRST,)


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    head, *rows = FULL.read_text("utf-8").splitlines()
    file = tmp_path / "Full.txt"
    file.write_text("\n".join([head, *reversed(rows)]), "utf-8")
    assert read_reference_set(file, REFSET).members == (FIRST,)


def row(**other: str) -> str:
    values = {
        "id": "00000000-0000-4000-8000-000000000001",
        "effectiveTime": "20250401",
        "active": "1",
        "moduleId": "999009999999103",
        "refsetId": REFSET,
        "referencedComponentId": FIRST,
    }
    return "\t".join((values | other).values())


def written(folder: Path, *lines: str, name: str = "Snapshot.txt") -> Path:
    file = folder / name
    file.write_bytes("\r\n".join(lines).encode())
    return file


def test_active_and_retired_on_one_day_is_active(tmp_path: Path) -> None:
    file = written(tmp_path, "\t".join(HEAD), row(active="1"), row(active="0"))
    assert read_reference_set(file, REFSET).members == (FIRST,)


def test_columns_after_the_sixth_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path, "\ufeff" + "\t".join((*HEAD, "mapTarget")), row() + "\tX", "")
    assert read_reference_set(file, REFSET).members == (FIRST,)


def test_rows_of_other_sets_may_name_what_is_no_concept(tmp_path: Path) -> None:
    other = row(refsetId=OTHER, referencedComponentId="a description")
    file = written(tmp_path, "\t".join(HEAD), other, row())
    assert read_reference_set(file, REFSET).members == (FIRST,)


WRONG = [
    ("another head", ["id\teffectiveTime\tstatus", row()], ":1: column 3 must be active"),
    ("no content", [""], ":1: column 1 must be id"),
    ("a missing column", ["\t".join(HEAD), "a\tb"], ":2: 2 columns, the head has 6"),
    ("an empty line", ["\t".join(HEAD), "", row()], ":2: 1 columns"),
    ("an id that is no UUID", ["\t".join(HEAD), row(id="1")], r":2: column 1 \(id\): must be a UUID"),
    ("a day that is none", ["\t".join(HEAD), row(), row(effectiveTime="20251301")], r":3: column 2 \(effectiveTime\)"),
    ("active that is neither", ["\t".join(HEAD), row(active="true")], r":2: column 3 \(active\): must be 0 or 1"),
    ("a wrong check digit", ["\t".join(HEAD), row(referencedComponentId=FIRST[:-1] + "3")], r":2: column 6 \(ref"),
    ("a set with a wrong digit", ["\t".join(HEAD), row(refsetId=REFSET[:-1] + "2")], r":2: column 5 \(refsetId\)"),
    ("no row of the set", ["\t".join(HEAD), row(refsetId=OTHER)], ": has no active member of reference set"),
    ("no active row", ["\t".join(HEAD), row(active="0")], ": has no active member of reference set"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "output"), [r[1:] for r in WRONG], ids=[r[0] for r in WRONG])
def test_a_wrong_file_is_refused_by_line_and_column(
    tmp_path: Path, lines: list[str], output: str
) -> None:
    with pytest.raises(UsageError, match=rf"Snapshot\.txt{output}"):
        read_reference_set(written(tmp_path, *lines), REFSET)


def test_a_delta_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "\t".join(HEAD), row(), name="der2_Refset_SimpleDelta.txt")
    with pytest.raises(UsageError, match="a Delta has changes only"):
        read_reference_set(file, REFSET)


def test_bytes_that_are_no_text_are_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "Snapshot.txt"
    file.write_bytes(b"id\n\n\xff")
    with pytest.raises(UsageError, match=r"Snapshot\.txt:3: is not UTF-8"):
        read_reference_set(file, REFSET)


def target(bundle: Path, refset: str = REFSET) -> Path:
    file = bundle / "code_sets/exclusion_sti.toml"
    text = file.read_text("utf-8").replace("999004381000000103", refset)
    file.write_text(text, "utf-8")
    return file


def test_members_go_into_the_set_and_into_the_ruleset(tmp_path: Path) -> None:
    file = target(copied(tmp_path))
    before, after = write_members(file, REFSET, read_reference_set(SNAPSHOT, REFSET))
    assert (before.members, after.members) == ((), (FIRST, SECOND, OLD))
    codes = ruleset.load(tmp_path / "bundle").settings.codes
    assert {code for code, asked in codes.items() if asked[0].source == "exclusion-sti"} == {
        FIRST,
        SECOND,
        OLD,
    }


def test_loading_again_replaces_members_and_keeps_everything_else(tmp_path: Path) -> None:
    file = target(copied(tmp_path))
    comment = file.read_text("utf-8").splitlines()[0]
    write_members(file, REFSET, read_reference_set(SNAPSHOT, REFSET))
    once = file.read_text("utf-8")
    before, after = write_members(file, REFSET, read_reference_set(FULL, REFSET))
    assert (before.members, after.members) == ((FIRST, SECOND, OLD), (FIRST,))
    assert file.read_text("utf-8").splitlines()[0] == comment
    write_members(file, REFSET, read_reference_set(SNAPSHOT, REFSET))
    assert file.read_text("utf-8") == once


def test_a_set_takes_the_members_of_its_own_reference_set_alone(tmp_path: Path) -> None:
    file = target(copied(tmp_path), "999004381000000103")
    text = file.read_text("utf-8")
    with pytest.raises(UsageError, match="member_source is 999004381000000103"):
        write_members(file, REFSET, read_reference_set(SNAPSHOT, REFSET))
    assert file.read_text("utf-8") == text


def test_brackets_in_comments_and_odd_file_names_do_no_harm(tmp_path: Path) -> None:
    file = target(copied(tmp_path))
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("members = []", f'members = [ # see [T1]\n  "{RETIRED}", # ]\n]\n'), "utf-8"
    )
    odd = tmp_path / 'Snap"shot\\1.txt'
    shutil.copy(SNAPSHOT, odd)
    _, after = write_members(file, REFSET, read_reference_set(odd, REFSET))
    assert after.members == (FIRST, SECOND, OLD)
    assert after.provenance.startswith(odd.name)


def test_a_set_file_that_is_wrong_is_reported_by_line(tmp_path: Path) -> None:
    file = target(copied(tmp_path))
    file.write_text(file.read_text("utf-8").replace('proxy = "', 'proxy = "un'), "utf-8")
    with pytest.raises(BadRuleset, match=r"exclusion_sti\.toml:10: proxy: not one of"):
        write_members(file, REFSET, read_reference_set(SNAPSHOT, REFSET))
