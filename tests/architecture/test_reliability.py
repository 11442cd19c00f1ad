"""The fault matrix has every row once, and each is kept by a file and shown by tests that exist, or says why not."""

import ast
import re
from dataclasses import replace
from functools import cache

import pytest

from docs import reliability
from docs.reliability import Matrix, Row
from tests.support.sources import ROOT

WANTED = tuple(f"F{n:02}" for n in range(1, 60))
MATRIX = reliability.read()
GOOD = MATRIX.rows[0]
FILE = re.compile(r"`([\w.-]+/[\w./-]+)`")


def test_the_page_is_what_the_data_says_now() -> None:
    assert reliability.PAGE.read_text("utf-8") == reliability.page(MATRIX), "run make docs"


def test_every_row_is_there_once_and_in_order() -> None:
    assert tuple(row.id for row in MATRIX.rows) == WANTED
    assert tuple(dict.fromkeys(row.group for row in MATRIX.rows)) == MATRIX.groups


@pytest.mark.parametrize("row", MATRIX.rows, ids=lambda row: row.id)
def test_a_row_is_whole_and_what_it_names_exists(row: Row) -> None:
    assert objections(row) == []


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"tests": ()}, "neither tests nor a reason"),
        ({"missing": "Not yet; it is lost today."}, "tests and a reason why there are none"),
        ({"tests": (), "missing": "Not yet.", "limits": "All."}, "limits of tests that are none"),
        ({"promise": "no sentence"}, "promise: no sentence"),
        ({"mechanism": "By magic."}, "no file keeps it"),
        ({"mechanism": "By `docs/magic.py`."}, "docs/magic.py: no such file"),
        ({"tests": ("tests/unit/test_none.py::test_one",)}, "tests/unit/test_none.py::test_one"),
        ({"tests": ("tests/unit/test_main.py::test_none",)}, "tests/unit/test_main.py::test_none"),
        ({"tests": ("tests/unit/test_main.py",)}, "tests/unit/test_main.py"),
        ({"tests": GOOD.tests[:1] * 2}, "a test named twice"),
    ],
)
def test_a_row_with_a_mistake_is_found(wrong: dict[str, str], found: str) -> None:
    assert any(found in one for one in objections(replace(GOOD, **wrong)))  # type: ignore[arg-type]


def test_the_page_counts_rows_and_names_those_without_tests() -> None:
    untested = replace(GOOD, id="F02", tests=(), missing="Not yet.", limits="")
    text = reliability.page(Matrix((GOOD.group,), (GOOD, untested)))
    assert "**2 rows: 1 with tests, 1 without.**" in text
    assert "Without: F02." in text


def objections(row: Row) -> list[str]:
    """What is wrong with a row."""
    found = [
        f"{name}: no sentence"
        for name in ("fault", "promise", "mechanism", "missing", "limits")
        if not _is_prose(text := getattr(row, name)) and (text or name not in ("missing", "limits"))
    ]
    if not row.tests and not row.missing:
        found.append("neither tests nor a reason why there are none")
    if row.tests and row.missing:
        found.append("tests and a reason why there are none")
    if row.limits and not row.tests:
        found.append("limits of tests that are none")
    if len(set(row.tests)) < len(row.tests):
        found.append("a test named twice")
    files = FILE.findall(row.mechanism)
    if not files:
        found.append("no file keeps it")
    found += [f"{name}: no such file" for name in files if not (ROOT / name).exists()]
    return found + [f"{test}: no such test" for test in row.tests if not _exists(test)]


def _is_prose(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z`].*\.", text))


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return name.startswith("test_") and name in _functions(path)


@cache
def _functions(path: str) -> frozenset[str]:
    """The functions of a module; of a file that is not there, none."""
    if not (ROOT / path).is_file():
        return frozenset()
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
