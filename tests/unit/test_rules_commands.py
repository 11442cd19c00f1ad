"""`recordgate rules golden`, `test` and `coverage`, as a lead for information governance runs them."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from recordgate_deploy.coverage import coverage
from recordgate_streams.cli.golden import golden, golden_under
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
    output = run("golden")
    assert output.exit_code == 0
    assert output.output.splitlines()[-1].startswith("golden: 99 rows, ")
    assert output.output.splitlines()[-1].endswith(" cases, all as specified")


def test_another_ruleset_shows_the_rows_it_moves_and_no_others(suspending: Path) -> None:
    output = run("test", suspending)
    assert output.exit_code == 1
    assert "DIFFERS  32b " in output.output
    assert "DIFFERS  33" not in output.output
    meant = run("test", suspending, "--accept", "11,19,32a,32b,34a,34b,35,91")
    assert (meant.exit_code, "DIFFERS" in meant.output) == (0, False)


def test_a_row_that_was_meant_to_move_and_does_not_is_reported(suspending: Path) -> None:
    output = run("test", suspending, "--accept", "11,19,32a,32b,34a,34b,35,91,1")
    assert output.exit_code == 1
    assert "1: was meant to come out otherwise and does not" in output.output


def test_every_reason_is_hit_by_rows_and_by_random_histories() -> None:
    output = run("coverage", "--histories", 3000)
    assert output.exit_code == 0, output.output[-600:]
    assert output.output.splitlines()[-1].endswith(" reasons, 0 never hit")


def test_a_reason_that_nothing_hits_is_a_failure() -> None:
    output = run("coverage", "--histories", 3)
    assert output.exit_code == 1
    assert "never hit by random histories" in output.output
