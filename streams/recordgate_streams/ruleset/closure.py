"""The import closure of some packages, read from source and never executed, and what a module's source means.

An import inside a function counts; one below `if TYPE_CHECKING:` does not, for it never happens.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from recordgate_schemas.errors import FatalError


def modules(
    start: Collection[str], packages: Mapping[str, Path], left_out: Collection[str] = ()
) -> dict[str, ast.Module]:
    """Return the syntax trees of all modules at and below `start` and of all they import, by dotted name.

    Within `packages` only, and without the modules `left_out`.

    Raises FatalError if a module that is imported has no source, or if a root has none.
    """
    found: dict[str, ast.Module] = {}
    waiting = [name for first in start for name in (first, *_below(first, packages))]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in left_out:
            file = _file(name, packages)
            if file is None:
                raise FatalError(f"engine: module {name} is missing; reinstall recordgate")
            found[name] = ast.parse(file.read_bytes())
            package = name if file.name == "__init__.py" else name.rpartition(".")[0]
            waiting += _imported(found[name], package, packages)
    return found


def meaning(node: ast.AST) -> list[Any]:
    """Return a syntax tree as nested lists of ASCII text, the same under every Python.

    Left out: positions, empty fields, and strings that are statements, which are docstrings.
    """
    fields = [
        [name, _meaning_of(value, node)]
        for name, value in sorted(ast.iter_fields(node))
        if value is not None
    ]
    return [type(node).__name__, *(field for field in fields if field[1] != [])]


def _meaning_of(value: object, parent: ast.AST) -> object:
    if isinstance(value, ast.AST):
        return meaning(value)
    if isinstance(value, list):
        return [_meaning_of(item, parent) for item in value if not _is_void(item, parent)]
    return f"{type(value).__name__} {value!a}"


def _is_void(node: object, parent: ast.AST) -> bool:
    """Whether it is a docstring, or an f-string's empty part, which only some versions of Python have."""
    if isinstance(parent, ast.JoinedStr):
        return isinstance(node, ast.Constant) and node.value == ""
    text = node.value if isinstance(node, ast.Expr) else None
    return isinstance(text, ast.Constant) and isinstance(text.value, str)


def _imported(tree: ast.Module, package: str, packages: Mapping[str, Path]) -> Iterator[str]:
    """The modules, and the packages around them, that run when this one does."""
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            inner = (f"{base}.{alias.name}" for alias in node.names)
            names = [base, *(name for name in inner if _file(name, packages))]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in packages:
                parts = name.split(".")
                yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it, without what stands below `if TYPE_CHECKING:`."""
    yield node
    inner = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        inner = iter(node.orelse)
    for child in inner:
        yield from _executed(child)


def _base(node: ast.ImportFrom, package: str) -> str:
    """The package or module that a `from` names; a relative one counts from the package it stands in."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    around = parents[: len(parents) - node.level + 1]
    return ".".join((*around, node.module) if node.module else around)


def _below(root: str, packages: Mapping[str, Path]) -> Iterator[str]:
    top, *rest = root.split(".")
    folder = packages[top].joinpath(*rest)
    for file in folder.rglob("*.py"):
        inner = file.relative_to(folder).with_suffix("").parts
        yield ".".join((root, *(part for part in inner if part != "__init__")))


def _file(name: str, packages: Mapping[str, Path]) -> Path | None:
    top, *rest = name.split(".")
    if top not in packages:
        return None
    module = packages[top].joinpath(*rest)
    candidates = (module / "__init__.py", module.with_name(f"{module.name}.py"))
    return next((file for file in candidates if file.is_file()), None)
