"""Files and functions stay small enough to be read in one go; the longest are printed, so that debt is seen early."""

import ast

import pytest

from tests.support.sources import EVERYTHING, ROOT, Function, functions, modules

MOST_LINES_A_FILE = 400
MOST_LINES_A_FUNCTION = 50


def test_no_file_is_longer_than_four_hundred_lines(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {name: (ROOT / name).read_text("utf-8").count("\n") for name in modules(EVERYTHING)}
    _print_worst("files", sizes, capsys)
    assert {name: n for name, n in sizes.items() if n > MOST_LINES_A_FILE} == {}


def test_no_function_is_longer_than_fifty_lines(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {
        f"{name}:{function.name}": length(function)
        for name, tree in modules(EVERYTHING).items()
        for function in functions(tree)
    }
    _print_worst("functions", sizes, capsys)
    assert {name: n for name, n in sizes.items() if n > MOST_LINES_A_FUNCTION} == {}


def test_the_length_of_a_function_leaves_out_its_docstring_and_decorators() -> None:
    source = '@one\ndef f():\n    """Two.\n\n    Three.\n    """\n    return 1\n'
    assert [length(function) for function in functions(ast.parse(source))] == [2]


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    told = function.body[0]
    return lines - ((told.end_lineno or told.lineno) - told.lineno + 1)


def _print_worst(what: str, sizes: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    worst = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    with capsys.disabled():
        print(f"\nlongest {what}: " + ", ".join(f"{name} {n}" for name, n in worst))
