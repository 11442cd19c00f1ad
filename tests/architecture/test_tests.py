"""How the tests are run and written: cheap ones first and without servers, none bound to where a name is imported."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest
from tests.support.sources import ROOT

REPLACES = {
    "tests/mutation/tables.py": "takes entries out of the policy's tables, by whatever name they have",
}
"""The only files that may replace an attribute of a module, and why a parameter will not do."""


def item(folder: str, *fixtures: str) -> Any:
    path = Path(conftest.__file__).parent / folder / "test_it.py"
    return SimpleNamespace(path=path, nodeid=f"tests/{folder}/test_it.py", fixturenames=fixtures)


def test_tests_run_in_the_order_of_their_folders_cost() -> None:
    items = [item(folder, "services") for folder in ("e2e", "integration", "reference")]
    items += [item(folder) for folder in ("spec", "unit/streams", "contract", "architecture")]
    conftest.pytest_collection_modifyitems(items)
    order = ["unit", "contract", "architecture", "spec", "reference", "integration", "e2e"]
    assert [conftest._folder(one) for one in items] == order


@pytest.mark.parametrize("folder", conftest.QUICK)
def test_a_quick_test_that_needs_servers_is_refused(folder: str) -> None:
    with pytest.raises(pytest.UsageError, match="needs servers"):
        conftest.pytest_collection_modifyitems([item(folder, "ledger", "services")])


def test_make_quick_runs_the_quick_folders() -> None:
    folders = " ".join(f"tests/{folder}" for folder in conftest.QUICK)
    assert f"pytest {folders}\n" in (ROOT / "Makefile").read_text("utf-8")


def test_every_folder_with_tests_has_its_place_in_the_order() -> None:
    folders = {
        path.relative_to(ROOT / "tests").parts[0] for path in ROOT.glob("tests/**/test_*.py")
    }
    assert folders <= set(conftest.BY_COST)


def test_no_test_replaces_an_attribute_where_a_parameter_would_do() -> None:
    call = "monkeypatch." + "setattr("
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*.py")
        if call in path.read_text("utf-8")
    }
    assert "\n".join(sorted(found - REPLACES.keys())) == ""
    assert set(REPLACES) <= found
