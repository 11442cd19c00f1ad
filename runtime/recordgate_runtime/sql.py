"""Loads named statements from a package's .sql file.

Each statement starts with a line `-- name: what_it_does` and a comment saying what it is for.
"""

import re
from importlib import resources
from typing import LiteralString, cast

from recordgate_schemas.errors import FatalError

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Statements:
    """The statements of one file, by name."""

    def __init__(self, package: str, file: str) -> None:
        text = (resources.files(package) / file).read_text("utf-8")
        parts = _NAME.split(text)[1:]
        self._by_name = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
        self._file = file

    def __getitem__(self, name: str) -> LiteralString:
        """Return the statement; it is as literal as the file it was shipped in."""
        if name not in self._by_name:
            raise FatalError(f"{self._file}: no statement named {name}")
        return cast("LiteralString", self._by_name[name])
