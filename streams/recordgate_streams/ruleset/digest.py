"""The hashes that say which rules decided: of the code that decides, and of a ruleset's data on that code.

The *engine* is the import closure of ROOTS (closure.py), with every SQL statement of the ledger that a module of the
closure names. Comments, docstrings, blank lines and line endings do not count.
"""

import ast
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import recordgate_schemas
from recordgate_schemas.errors import FatalError
from recordgate_streams.ruleset import closure

ROOTS = (
    "recordgate_streams.bodies",
    "recordgate_streams.decider",
    "recordgate_streams.policy.rules",
    "recordgate_streams.lanes.controls",
    "recordgate_streams.lanes.deciding",
    "recordgate_streams.lanes.entries",
    "recordgate_streams.lanes.messages",
    "recordgate_streams.ledger.cascade",
    "recordgate_streams.ledger.redecisions",
)
"""What decides: the decision core, and how the lanes load what it looks at and apply what it returns."""

NOT_FOLLOWED = {
    "recordgate_streams.ledger.unit_of_work": "it numbers, stores and publishes what was decided",
    "recordgate_streams.ledger.outbox": "it keeps what was decided until it is published",
    "recordgate_streams.ledger.delivery": "it publishes what was decided",
    "recordgate_streams.ledger.clock": "it says what time it is, or stops the lane",
    "recordgate_streams.ledger.quarantine": "it stores what could not be decided",
    "recordgate_streams.ledger.quarantine_seal": "it encrypts what could not be decided",
    "recordgate_streams.ledger.rules": "it reads which ruleset is in force, whose hash this is part of",
}
"""Modules that what decides imports and that do not decide, and why."""

PACKAGES = {
    "recordgate_schemas": Path(recordgate_schemas.__file__).parent,
    "recordgate_streams": Path(__file__).parents[1],
}
"""The packages within which imports are followed, and where their source is."""

_STATEMENT = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_TEXT_OR_SPACE = re.compile(r"('(?:[^']|'')*')|(?:--[^\n]*|/\*.*?\*/|\s)+", re.DOTALL)


@cache
def engine_hash() -> str:
    """Return the SHA-256 of the engine that runs, as 64 hex digits; the same under every supported Python."""
    return engine_hash_of(PACKAGES)


def engine_hash_of(packages: Mapping[str, Path]) -> str:
    """Return the SHA-256 of the engine whose packages have their source in these folders; errors as in engine_parts."""
    return _sha256(engine_parts(packages))


def engine_parts(packages: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256 of each part of the engine: of modules by dotted name, of SQL statements by file and name.

    Raises FatalError if a module of the closure, or all deciding SQL, is missing.
    """
    modules = closure.modules(ROOTS, packages, NOT_FOLLOWED)
    statements = deciding_statements(modules, packages["recordgate_streams"] / "ledger")
    return {name: _sha256(closure.meaning(tree)) for name, tree in modules.items()} | {
        name: _sha256(text) for name, text in statements.items()
    }


def deciding_statements(modules: Mapping[str, ast.Module], folder: Path) -> dict[str, str]:
    """Return the SQL statements that the modules name, by file and name, without comments and spare spaces."""
    named = {
        node.value
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found = {
        f"{file.name}:{name}": _plain_sql(text)
        for file in sorted(folder.glob("*.sql"))
        for name, text in named_statements(file.read_text("utf-8")).items()
        if name in named
    }
    if not found:
        raise FatalError("engine: the ledger's deciding SQL is missing; reinstall recordgate")
    return found


def named_statements(text: str) -> dict[str, str]:
    """Return the statements of an SQL file by name, comments included."""
    parts = _STATEMENT.split(text)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def ruleset_hash(content: Mapping[str, Any], engine: str) -> str:
    """Return the SHA-256 of a ruleset's content and the engine it runs on, as 64 hex digits."""
    return _sha256([content, engine])


def canonical(value: object) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _sha256(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _plain_sql(text: str) -> str:
    return _TEXT_OR_SPACE.sub(lambda token: token[1] or " ", text).strip()
