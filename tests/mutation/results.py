"""What became of the mutants, from the files mutmut leaves beside the mutated modules."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.mutation.checkout import MUTATED

KILLED, TIMEOUTS, NO_TESTS = (1, 3), (-24, 24, 36, 152, 255), (5, 33)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: in which module, under which name, and the exit code of the tests that met it."""

    module: str
    name: str
    exit_code: int

    @property
    def noticed(self) -> bool:
        """True when a test failed, or would have gone on for ever."""
        return self.exit_code in KILLED + TIMEOUTS


def results(work: Path) -> list[Mutant]:
    """Return every mutant that met tests."""
    return [one for folder in MUTATED for one in _results(work / "mutants", folder)]


def table(found: Sequence[Mutant]) -> str:
    """Return the counts per module, as Markdown."""
    lines = [
        "| module | mutants | killed | timed out | not reached | survived |",
        "|---|---|---|---|---|---|",
    ]
    for module, mutants in groupby(found, key=lambda one: one.module):
        lines.append(_row(module, list(mutants)))
    return "\n".join([*lines, _row("all", found)])


def survivors(work: Path, found: Iterable[Mutant]) -> Iterator[str]:
    """Yield what was changed in each mutant that no test noticed."""
    for one in found:
        if not one.noticed:
            command = [sys.executable, "-m", "mutmut", "show", one.name]
            yield subprocess.run(
                command, cwd=work, capture_output=True, text=True, check=True
            ).stdout


def _results(mutants: Path, folder: str) -> Iterator[Mutant]:
    for written in sorted((mutants / folder).rglob("*.meta")):
        module = str(written.relative_to((mutants / folder).parent).with_suffix(""))
        codes = json.loads(written.read_text("utf-8"))["exit_code_by_key"]
        tested = ((name, code) for name, code in codes.items() if code is not None)
        yield from (Mutant(module, name, code) for name, code in tested)


def _row(name: str, mutants: Sequence[Mutant]) -> str:
    killed, late, unmet = (
        sum(one.exit_code in codes for one in mutants) for codes in (KILLED, TIMEOUTS, NO_TESTS)
    )
    counts = (len(mutants), killed, late, unmet, len(mutants) - killed - late - unmet)
    return f"| {name} | {' | '.join(map(str, counts))} |"
