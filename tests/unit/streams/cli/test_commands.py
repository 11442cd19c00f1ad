"""An explanation has an end, and says what it leaves out."""

import pytest

from recordgate_streams.cli.commands import MOST_LINES, print_bounded


@pytest.mark.parametrize("more", [0, 3])
def test_a_long_explanation_is_cut_and_says_by_how_much(
    more: int, capsys: pytest.CaptureFixture[str]
) -> None:
    print_bounded([f"line {number}" for number in range(MOST_LINES + more)])
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == f"line {MOST_LINES - 1}"
    assert err == (f"{more} more lines are not shown; --json has all\n" if more else "")
