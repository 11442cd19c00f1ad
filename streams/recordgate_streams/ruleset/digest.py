"""The hashes that say which rules decided: of the engine's source text, and of a ruleset's data on that engine."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recordgate_schemas.errors import FatalError

ENGINE = (
    "policy",
    "decider",
    "bodies",
    "lanes/deciding.py",
    "ruleset/compiled.py",
)
"""Folders and files of recordgate_streams whose source text can change a decision."""

DIGITS = 16


@cache
def engine_hash() -> str:
    """Return 16 hex digits over the source text of ENGINE, whatever the line endings and the machine."""
    return engine_hash_of(Path(__file__).parent.parent, ENGINE)


def engine_hash_of(home: Path, parts: tuple[str, ...]) -> str:
    """Return 16 hex digits over the Python files below `home` that `parts` names; raise FatalError if one lacks."""
    sources = {
        file.relative_to(home).as_posix(): file.read_text("utf-8")
        for part in parts
        for file in _files(home / part)
    }
    return _digest(sources)


def ruleset_hash(content: Mapping[str, Any], engine: str) -> str:
    """Return 16 hex digits over a ruleset's content and the engine it runs on."""
    return _digest([content, engine])


def canonical(value: object) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()[:DIGITS]


def _files(path: Path) -> list[Path]:
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    if not found or not all(file.is_file() for file in found):
        raise FatalError(f"engine: {path.name} is missing; reinstall recordgate")
    return found
