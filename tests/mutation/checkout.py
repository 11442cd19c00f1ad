"""The copy of the checkout that mutmut works in: every package at its top, properties written so that it sees them."""

import ast
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "schemas": "recordgate_schemas",
    "runtime": "recordgate_runtime",
    "streams": "recordgate_streams",
    "consumers": "recordgate_consumers",
    "audit": "recordgate_audit",
    "deploy": "recordgate_deploy",
    "producers": "recordgate_producers",
}
MUTATED = ("recordgate_streams/policy", "recordgate_streams/decider")
"""The folders in which mutmut makes changes; `only_mutate` of pyproject.toml names them too."""


def copy_to(work: Path) -> None:
    """Copy packages, tests and settings into `work`."""
    for folder, package in PACKAGES.items():
        _copy(ROOT / folder / package, work / package)
    _copy(ROOT / "tests", work / "tests")
    shutil.copy(ROOT / "pyproject.toml", work)
    for folder in MUTATED:
        for module in (work / folder).rglob("*.py"):
            module.write_text(without_property_decorators(module.read_text("utf-8")), "utf-8")


def without_property_decorators(source: str) -> str:
    """Write `@property` as a call below the function, which means the same: mutmut leaves decorated functions alone."""
    lines = source.splitlines()
    for found in reversed(list(ast.walk(ast.parse(source)))):
        if isinstance(found, ast.FunctionDef) and _is_property(found):
            indent = " " * found.col_offset
            lines.insert(found.end_lineno or 0, f"{indent}{found.name} = property({found.name})")
            del lines[found.decorator_list[0].lineno - 1]
    return "\n".join(lines) + "\n"


def _is_property(found: ast.FunctionDef) -> bool:
    return [ast.unparse(decorator) for decorator in found.decorator_list] == ["property"]


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
