"""What a closure follows: every form of import that happens when a module runs, and no other."""

import ast
from pathlib import Path

import pytest

from recordgate_schemas.errors import FatalError
from recordgate_streams.ruleset import closure

IMPORTS = [
    "import p.extra.inner",
    "import p.extra.inner as other",
    "from p.extra import inner",
    "from p.extra.inner import X",
    "from . import sub, X",
    "from .sub import X",
    "from .. import extra",
    "from ..extra import inner",
    "from ..extra.inner import X",
    "def f() -> None:\n    from p.extra import inner",
    "if X:\n    from p.extra import inner",
    "if TYPE_CHECKING:\n    import p.nowhere\nelse:\n    from p.extra import inner",
]
NO_IMPORTS = [
    "import other.extra",
    "from other import extra",
    "# import p.extra",
    "if TYPE_CHECKING:\n    import p.extra.inner",
    "if typing.TYPE_CHECKING:\n    from ..extra import inner",
]
BEYOND = {
    "from . import sub, X": {"p.root.sub"},
    "from .sub import X": {"p.root.sub"},
    "from .. import extra": {"p.extra"},
}
"""What is found by imports that do not lead to p.extra.inner."""


def closure_of(folder: Path, statement: str) -> set[str]:
    """The modules found from p.root.start, which holds the statement, without those that are always found."""
    files = {"root/__init__.py": "", "root/start.py": statement, "__init__.py": ""}
    beyond = {"extra/__init__.py": "", "extra/inner.py": "", "root/sub.py": "", "apart.py": ""}
    for name, text in (files | beyond).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{text}\n")
    return set(closure.modules(("p.root.start",), {"p": folder})) - {"p", "p.root", "p.root.start"}


@pytest.mark.parametrize("statement", IMPORTS)
def test_whatever_is_imported_is_found_with_the_packages_around_it(
    tmp_path: Path, statement: str
) -> None:
    expected = BEYOND.get(statement, {"p.extra", "p.extra.inner"})
    assert closure_of(tmp_path, statement) == expected


@pytest.mark.parametrize("statement", NO_IMPORTS)
def test_what_is_never_imported_is_not_found(tmp_path: Path, statement: str) -> None:
    assert closure_of(tmp_path, statement) == set()


@pytest.mark.parametrize(
    "statement", ["import p.nowhere", "from p.nowhere import x", "from .no import x"]
)
def test_an_import_of_a_module_that_has_no_source_stops_the_process(
    tmp_path: Path, statement: str
) -> None:
    with pytest.raises(FatalError, match="is missing; reinstall recordgate"):
        closure_of(tmp_path, statement)


def test_a_module_with_a_docstring_means_what_one_without_does() -> None:
    assert closure.meaning(ast.parse('"""Text."""')) == closure.meaning(ast.parse(""))
