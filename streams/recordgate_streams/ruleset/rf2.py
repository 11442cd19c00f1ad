"""Reads a SNOMED CT reference set of release format 2 into a code set of the bundle.

Tab-separated, CRLF; the columns of HEAD, then what the set's pattern adds (SNOMED CT Release File Specification,
reference sets). Snapshot or Full: a Delta has changes only, and members would be lost.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recordgate_schemas.errors import UsageError
from recordgate_streams.ruleset.problems import read_file
from recordgate_streams.ruleset.snomed import is_concept_id

HEAD = ("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DAY = re.compile(r"[12][0-9]{3}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_RULES: dict[str, tuple[Callable[[str], object], str]] = {
    "id": (_UUID.fullmatch, "a UUID"),
    "effectiveTime": (_DAY.fullmatch, "a day as YYYYMMDD"),
    "active": (re.compile("[01]").fullmatch, "0 or 1"),
    "moduleId": (is_concept_id, "a SNOMED CT concept id"),
    "refsetId": (is_concept_id, "a SNOMED CT concept id"),
    "referencedComponentId": (is_concept_id, "a SNOMED CT concept id"),
}


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """The active members of one reference set. `version`: newest effectiveTime of its rows; `rows`: how many."""

    members: tuple[str, ...]
    version: str
    file: str
    sha256: str
    rows: int

    @property
    def provenance(self) -> str:
        """Say which file the members came from."""
        return f"{self.file}, SHA-256 {self.sha256}, {self.rows} rows"


def read_reference_set(file: Path, refset: str) -> ReferenceSet:
    """Return one reference set of the file; raise UsageError naming file, line and column of what is wrong."""
    if "Delta" in file.name:
        raise UsageError(f"{file.name}: a Delta has changes only; load the Snapshot of the release")
    content = read_file(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{file.name}:{line}: is not UTF-8") from None
    rows = list(_rows(file.name, text, refset))
    members = _active(rows)
    if not members:
        raise UsageError(
            f"{file.name}: has no active member of reference set {refset}; check id and file"
        )
    return ReferenceSet(
        members,
        max(row["effectiveTime"] for row in rows),
        file.name,
        hashlib.sha256(content).hexdigest(),
        len(rows),
    )


def _active(rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Return the components whose newest row is active; of two rows of one day the active one counts."""
    newest: dict[str, tuple[str, str]] = {}
    for row in rows:
        component = row["referencedComponentId"]
        state = (row["effectiveTime"], row["active"])
        newest[component] = max(newest.get(component, state), state)
    return tuple(sorted(component for component, (_, active) in newest.items() if active == "1"))


def _rows(name: str, text: str, refset: str) -> Iterator[dict[str, str]]:
    """Yield the rows of the reference set, checked; rows of other sets are only checked for which set they are of."""
    lines = text.split("\n")
    columns = _head(name, lines[0].removesuffix("\r"))
    for number, line in enumerate(lines[1:], 2):
        cells = line.removesuffix("\r").split("\t")
        if cells == [""] and number == len(lines):
            return
        if len(cells) != columns:
            raise UsageError(f"{name}:{number}: {len(cells)} columns, the head has {columns}")
        row = dict(zip(HEAD, cells, strict=False))
        _check(name, number, row, HEAD if row["refsetId"] == refset else ("refsetId",))
        if row["refsetId"] == refset:
            yield row


def _head(name: str, line: str) -> int:
    """Return the number of columns; raise UsageError unless the first six are a reference set's."""
    columns = line.split("\t")
    for place, wanted in enumerate(HEAD):
        if place >= len(columns) or columns[place] != wanted:
            raise UsageError(
                f"{name}:1: column {place + 1} must be {wanted}; is this an RF2 reference set file?"
            )
    return len(columns)


def _check(name: str, number: int, row: dict[str, str], columns: tuple[str, ...]) -> None:
    for column in columns:
        holds, rule = _RULES[column]
        if not holds(row[column]):
            place = HEAD.index(column) + 1
            raise UsageError(f"{name}:{number}: column {place} ({column}): must be {rule}")
