"""`python -m tests.mutation.fence [RULE...]`: breaks each line that keeps a rule of the fence; its test must fail.

Works in a copy of the checkout. Before that the tests run once with nothing broken, and must pass.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from docs import fence_rules
from docs.fence_rules import FenceRule

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("schemas", "runtime", "producers", "streams", "consumers", "audit", "deploy")
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "results", "mutants")
PASSED, FAILED = 0, 1


def main(arguments: Sequence[str]) -> int:
    """Break one line after the other; return 1 when one of them is not noticed."""
    rules = [r for r in fence_rules.read() if r.file and (not arguments or r.id in arguments)]
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "checkout"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        if run(copy, sorted({rule.test for rule in rules})) != PASSED:
            print("the tests fail with nothing broken")
            return 1
        found = [(rule.id, _broken(copy, rule)) for rule in rules]
    unnoticed = [name for name, status in found if status != FAILED]
    print(f"{len(found)} lines broken, {len(found) - len(unnoticed)} noticed; not: {unnoticed}")
    return int(bool(unnoticed))


def _broken(copy: Path, rule: FenceRule) -> int:
    path = copy / rule.file
    whole = path.read_text("utf-8")
    try:
        path.write_text(whole.replace(rule.line, rule.broken), "utf-8")
        status = run(copy, [rule.test])
    finally:
        path.write_text(whole, "utf-8")
    print(f"{rule.id:20} {'noticed' if status == FAILED else f'NOT NOTICED (status {status})'}")
    return status


def run(copy: Path, tests: Sequence[str]) -> int:
    """Run tests on the copy's code; what is installed beside it is not imported in its place."""
    path = os.pathsep.join(str(copy / folder) for folder in (*SOURCES, "."))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command,
        cwd=copy,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        text=True,
    )
    (copy.parent / "last.txt").write_text(done.stdout + done.stderr, "utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
