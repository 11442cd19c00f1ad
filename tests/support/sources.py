"""The project's own files, for the tests of its architecture."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("schemas", "runtime", "producers", "streams", "consumers", "audit", "deploy")
EVERYTHING = (*PRODUCT, "tests", "docs", "benchmarks")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules(folders: tuple[str, ...] = PRODUCT) -> dict[str, ast.Module]:
    """Every Python file below the folders, parsed, by its path from the root."""
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in found}


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function of a module, methods and inner ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def text_of(folders: tuple[str, ...] = PRODUCT) -> dict[str, str]:
    """Every Python file below the folders as text."""
    return {name: (ROOT / name).read_text("utf-8") for name in modules(folders)}


@cache
def tracked() -> dict[str, str]:
    """The text files that are in the repository or would be added to it; none outside a checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {name: text for name in listed.stdout.splitlines() if (text := _text(name)) is not None}


def _text(name: str) -> str | None:
    try:
        return (ROOT / name).read_text("utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return None
