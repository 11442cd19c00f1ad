"""Files and functions stay small enough to be read in one go; the longest are printed, so that debt is seen early."""

import ast
from statistics import median

import pytest

from tests.support.sources import EVERYTHING, PRODUCT, ROOT, Function, functions, modules

BESIDE = tuple(folder for folder in EVERYTHING if folder not in PRODUCT)


def test_no_file_of_the_product_is_longer_than_300_lines_half_have_90_at_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes = files_of(PRODUCT)
    _print_worst("files", sizes, capsys)
    assert too_long(sizes, 300) == {}
    assert median(sizes.values()) <= 90


def test_no_function_of_the_product_is_longer_than_50_lines_half_have_7_at_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes = functions_of(PRODUCT)
    _print_worst("functions", sizes, capsys)
    assert too_long(sizes, 50) == {}
    assert median(sizes.values()) <= 7


def test_no_file_beside_the_product_is_longer_than_400_lines_and_no_function_than_50() -> None:
    assert too_long(files_of(BESIDE), 400) == {}
    assert too_long(functions_of(BESIDE), 50) == {}


def test_the_length_of_a_function_leaves_out_its_docstring_and_decorators() -> None:
    source = '@one\ndef f():\n    """Two.\n\n    Three.\n    """\n    return 1\n'
    assert [length(function) for function in functions(ast.parse(source))] == [2]


def files_of(folders: tuple[str, ...]) -> dict[str, int]:
    """The lines of each file that holds more than a docstring."""
    return {
        name: (ROOT / name).read_text("utf-8").count("\n")
        for name, tree in modules(folders).items()
        if len(tree.body) > 1
    }


def functions_of(folders: tuple[str, ...]) -> dict[str, int]:
    """The lines of each function."""
    return {
        f"{name}:{function.lineno} {function.name}": length(function)
        for name, tree in modules(folders).items()
        for function in functions(tree)
    }


def too_long(sizes: dict[str, int], most: int) -> dict[str, int]:
    """Those with more lines than that."""
    return {name: lines for name, lines in sizes.items() if lines > most}


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    text = function.body[0]
    return lines - ((text.end_lineno or text.lineno) - text.lineno + 1)


def _print_worst(what: str, sizes: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    worst = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    with capsys.disabled():
        print(f"\nlongest {what}: " + ", ".join(f"{name} {n}" for name, n in worst))
