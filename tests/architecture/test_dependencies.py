"""Every dependency has its reason, and every import its dependency (what is locked: test_hygiene.py)."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("schemas", "runtime", "producers", "streams", "consumers", "deploy", "docs")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
OURS = ("recordgate_", "tests", "docs")
DISTRIBUTIONS = {"kafka": "kafka-python", "faust": "faust-streaming"}
"""Import names that are not their distribution's name."""


def test_each_dependency_has_its_line_and_each_line_its_dependency() -> None:
    assert _explained() == _declared()


def test_each_import_is_declared() -> None:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    used = {module for path in paths for module in _imports(path)}
    foreign = {m for m in used - sys.stdlib_module_names if not m.startswith(OURS)}
    assert {DISTRIBUTIONS.get(m, m.replace("_", "-")) for m in foreign} <= _declared()


def test_the_lock_holds_requirements_and_hashes_and_no_address() -> None:
    odd = [
        line for line in LOCK.splitlines() if not re.match(r"#|[\w.-]+(\[[\w,-]+\])?==|    -", line)
    ]
    assert odd == []
    assert "://" not in LOCK


def test_checksums_in_c_are_locked() -> None:
    assert re.search(r"^crc32c==", LOCK, re.MULTILINE)


def _declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {_plain(re.split(r"[\[<>=!~; ]", line)[0]) for group in groups for line in group}


def _explained() -> set[str]:
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    return {_plain(name) for name in re.findall(r"^\| `([\w.-]+)` \|", text, re.MULTILINE)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
