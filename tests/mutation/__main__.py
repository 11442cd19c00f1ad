"""`python -m tests.mutation`: breaks the rules on purpose, one small change at a time, and counts what tests notice.

mutmut makes the changes and runs `[tool.mutmut]` of pyproject.toml in a copy of the checkout, in which the packages lie
side by side as it wants them. Prints the table of docs/mutation.md and what survived; nothing in the checkout changes.
Ends with 1 when fewer than `LEAST` of a hundred mutants are noticed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutation.checkout import copy_to
from tests.mutation.results import results, survivors, table

LEAST = 95
PROCESSES = 2


def main(arguments: list[str]) -> int:
    """Mutate, test, tell; return 1 when too many mutants survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("mutants", nargs="*", help="only these, by name; * stands for anything")
    parser.add_argument("--work", type=Path, help="an empty folder for the copy; kept afterwards")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work or Path(temporary)
        copy_to(work)
        _mutate(work, asked.mutants)
        found = results(work)
        print(table(found))
        print("\n\n".join(survivors(work, found)))
    noticed = sum(one.noticed for one in found)
    return int(not found or 100 * noticed < LEAST * len(found))


def _mutate(work: Path, mutants: list[str]) -> None:
    """The copy comes first on the path; what is installed beside it cannot be imported in its place."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(PROCESSES), *mutants]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=work, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
