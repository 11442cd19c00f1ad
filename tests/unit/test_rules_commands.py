"""`recordgate rules golden`, `test` and `coverage`, as a lead for information governance runs them."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from recordgate_streams.cli.golden import coverage, golden, golden_under
from recordgate_streams.cli.rules import app as rules

app = typer.Typer()
app.command()(golden)
app.command("test")(golden_under)
app.command()(coverage)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def suspending(tmp_path: Path) -> Path:
    """The shipped ruleset, but a 104 suspends the whole view."""
    folder = tmp_path / "mine"
    assert CliRunner().invoke(rules, ["new", str(folder)]).exit_code == 0
    file = folder / "ruleset.toml"
    file.write_text(file.read_text().replace('on_104 = "hold_new"', 'on_104 = "suspend_view"'))
    return folder


def test_the_golden_rows_end_with_the_line_that_counts_them() -> None:
    result = run("golden")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("golden: 99 rows, ")
    assert result.output.splitlines()[-1].endswith(" cases, all as specified")


def test_another_ruleset_shows_the_rows_it_moves_and_no_others(suspending: Path) -> None:
    result = run("test", suspending)
    assert result.exit_code == 1
    assert "DIFFERS  32b " in result.output
    assert "DIFFERS  33" not in result.output
    meant = run("test", suspending, "--accept", "11,19,32a,32b,34a,34b,35,91")
    assert (meant.exit_code, "DIFFERS" in meant.output) == (0, False)


def test_a_row_that_was_meant_to_move_and_does_not_is_told(suspending: Path) -> None:
    result = run("test", suspending, "--accept", "11,19,32a,32b,34a,34b,35,91,1")
    assert result.exit_code == 1
    assert "1: was meant to come out otherwise and does not" in result.output


def test_every_reason_is_given_by_a_golden_case() -> None:
    result = run("coverage")
    assert result.exit_code == 0, result.output[-600:]
    assert result.output.splitlines()[-1].endswith(" reasons, 0 never given")
