"""Finds the line of a TOML value, which no maintained TOML library keeps (docs/dependencies.md).

Knows what our files use: tables, arrays of tables, keys, and arrays of strings over several lines. The text has been
parsed already, so it is valid TOML; for anything else the line of the nearest table or key before it is given.
"""

import re
from collections import Counter

from recordgate_streams.ruleset.problems import Path

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=(.*)$"""
)
_WORD = re.compile(r""""[^"]*"|'[^']*'|[\w-]+""")
_STRING_OR_COMMENT = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'|#.*""")


def line_of(text: str, path: Path) -> int:
    """Return the line, from 1, of the value at the path, or of the nearest table around it."""
    known = _lines(text)
    while path not in known:
        path = path[:-1]
    return known[path]


def _lines(text: str) -> dict[Path, int]:
    known: dict[Path, int] = {(): 1}
    table: Path = ()
    times: Counter[Path] = Counter()
    array: Path | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if array is not None:
            array = _items(known, times, array, line, number)
        elif header := _HEADER.match(line):
            table = _table(header, times)
            known[table] = number
        elif key := _KEY.match(line):
            path = table + _words(key[1])
            known[path] = number
            if key[2].lstrip().startswith("["):
                array = _items(known, times, path, key[2], number)
    return known


def _table(header: re.Match[str], times: Counter[Path]) -> Path:
    name = _words(header[2])
    if header[1] == "[":
        return name
    times[name] += 1
    return (*name, times[name] - 1)


def _items(
    known: dict[Path, int], times: Counter[Path], array: Path, line: str, number: int
) -> Path | None:
    """Note the strings of an array on this line; return the array while it stays open."""
    for found in _STRING_OR_COMMENT.findall(line):
        if not found.startswith("#"):
            known[(*array, times[array])] = number
            times[array] += 1
    return None if "]" in _STRING_OR_COMMENT.sub("", line) else array


def _words(dotted: str) -> Path:
    return tuple(word.strip("\"'") for word in _WORD.findall(dotted))
