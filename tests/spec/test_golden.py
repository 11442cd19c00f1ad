"""The golden decision table in memory: every case at several moments, all rows, all reasons, the reference's words."""

import csv
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import get_type_hints

import pytest
from typer import Exit, Typer
from typer.testing import CliRunner

from recordgate_schemas.messages import Closed, Redecided, Release, Released, Retract
from recordgate_schemas.reasons import Reason
from recordgate_streams.cli import golden as golden_cli
from recordgate_streams.golden.cases import Case, cases, rows
from recordgate_streams.golden.check import check, missing
from recordgate_streams.golden.judge import Run, differences
from recordgate_streams.golden.pure import run
from recordgate_streams.golden.words import Word
from recordgate_streams.ruleset import current

REFERENCE = Path(__file__).resolve().parents[3] / "shared/reference/golden_decisions.csv"
needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference is not beside the checkout"
)
MOMENTS = {
    "the morning after E0": "2025-06-03T09:00:00+00:00",
    "29 February": "2028-02-29T12:00:00+00:00",
    "a winter's evening": "2026-11-22T22:00:00+00:00",
    "a summer's evening, tomorrow in London": "2026-07-14T23:30:00+00:00",
}
CASES = cases()
FIRST = [case for case in CASES if case.number == 1]
"""The case that says what the reference's row says; further ones show other faces of it."""

NEVER_GIVEN = {
    Reason.PROXY_UNKNOWN: "an audience comes from its grant; the rule is there for callers who name another one",
}
OTHER_REASONS = {"24b": "IDENTITY", "39a": "LEVEL", "96": "CONFLICT"}
"""Where our first case gives another reason than the reference, or none: what is quarantined is never decided."""

IN_OUR_WORDS = {"free text dropped": "FREE_TEXT_DROPPED", "inherited": "SOURCE_NOPAT"}


def met_by_e0(case: Case) -> bool:
    """True for cases that expect of the patient what E0 comes to for P0: released, and nothing changes."""
    stays = case.expect in (Word.RELEASED, Word.NO_CHANGE, Word.SAME_DECISION_ID)
    return (
        stays
        and not case.is_proxys
        and not case.reasons
        and case.version < 2
        and (case.before in (None, "RELEASED"))
    )


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.title}")
def test_a_case_comes_out_as_specified(case: Case, moment: str) -> None:
    before, after = run(case, datetime.fromisoformat(MOMENTS[moment]))
    assert differences(Run(case, before, after)) == []


@pytest.mark.parametrize("case", [c for c in CASES if not met_by_e0(c)], ids=lambda case: case.name)
def test_no_case_is_met_by_a_patient_of_whom_nothing_special_is_said(case: Case) -> None:
    before, after = run(CASES[0], datetime.fromisoformat(MOMENTS["29 February"]))
    assert differences(Run(case, before, after))


def test_every_row_of_the_reference_has_a_case() -> None:
    assert list(missing(CASES)) == []


def test_a_row_without_a_case_is_found() -> None:
    left_out = [case for case in CASES if case.row not in ("5", "10b")]
    assert list(missing(left_out)) == ["5: has no case", "10b: has no case", "5: has no row"]


def test_every_reason_is_given_by_a_case_or_says_why_not() -> None:
    given = {reason for case in CASES for reason in case.reasons}
    assert set(Reason) - given == set(NEVER_GIVEN)


def test_every_switch_has_a_case_where_it_is_set_otherwise() -> None:
    changed = {name for case in CASES for name in case.rules}
    assert set(current().data["switches"]) - changed == set()


def test_a_case_that_cannot_be_seen_whole_says_why() -> None:
    unseen = {case.row for case in CASES if case.unchecked.pure or case.unchecked.pipeline}
    assert unseen == {"86c", "97c"}


def test_no_message_of_the_product_could_carry_a_notice_to_a_patient() -> None:
    assert get_type_hints(Released)["change"] == Release | Retract | Redecided | Closed
    assert fields(Closed) == ()
    told_of_a_retraction = {field.name for field in fields(Retract)}
    assert told_of_a_retraction == {"audience", "entry_id"}


@needs_reference
@pytest.mark.parametrize("case", FIRST, ids=lambda case: case.row)
def test_the_first_case_of_a_row_expects_what_the_reference_expects(case: Case) -> None:
    theirs = _reference()[case.row]
    assert (theirs["audience"], theirs["expect"]) == (case.audience, case.expect)
    assert set(_reasons(case.row, theirs["reason"])) <= set(case.reasons)


@needs_reference
def test_our_list_of_rows_is_the_references() -> None:
    assert rows() == tuple(_reference())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expect", "RELEASED"),
        ("reasons", ()),
        ("before", "RELEASED"),
        ("entry", {"third_party": "none"}),
        ("then", ()),
        ("of", "nothing"),
    ],
)
def test_a_case_that_is_wrong_is_found(field: str, value: object) -> None:
    case = next(case for case in CASES if case.row == "71b")
    wrong = Case.model_validate({**case.model_dump(), field: value})
    found = check(datetime.fromisoformat(MOMENTS["29 February"]), (wrong,))
    assert [line for line in found if line.startswith("71b ")]


def test_the_command_ends_with_one_line_that_says_all_is_well() -> None:
    done = CliRunner().invoke(_app(), [])
    assert done.output == f"golden: 99 rows, {len(CASES)} cases, all as specified\n"
    assert done.exit_code == 0


def test_the_command_names_what_differs_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit) as caught:
        golden_cli.report(["5 title: expected HELD"])
    assert caught.value.exit_code == 1
    assert capsys.readouterr().out.splitlines()[0] == "5 title: expected HELD"


def _app() -> Typer:
    app = Typer()
    app.command()(golden_cli.golden)
    return app


def _reasons(row: str, text: str) -> Iterator[Reason]:
    """The reasons a line of the reference names; a remark in that column names none."""
    for word in text.split("; "):
        name = IN_OUR_WORDS.get(word, word)
        if name in Reason.__members__ and OTHER_REASONS.get(row) != name:
            yield Reason(name)


def _reference() -> dict[str, dict[str, str]]:
    with REFERENCE.open(encoding="utf-8") as file:
        return {line["row"]: line for line in csv.DictReader(file)}
