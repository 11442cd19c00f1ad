"""`python -m tests.reference --cases N --seed S`: the long comparison, over two processes.

Prints progress and how often each reason was met. On a difference it prints the shrunk case as JSON lines (rules and
time first, then the events) and what differs, and ends with 1.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from tests.histories.cases import Case
from tests.reference.compare import difference, run, told
from tests.reference.shrink import shrink

CASES_A_SEED = 10_000
PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Part:
    """What one seed's run found."""

    seed: int
    met: Counter[str]
    failing: Case | None


def _part(seed: int, number: int) -> Part:
    met, failing = run(seed, number)
    return Part(seed, met, failing)


def main(arguments: list[str]) -> int:
    """Compare so many cases from this seed on; return 1 on a difference."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    met: Counter[str] = Counter()
    done = 0
    with ProcessPoolExecutor(PROCESSES) as pool:
        sizes = _sizes(asked.cases)
        parts = [pool.submit(_part, asked.seed + n, size) for n, size in enumerate(sizes)]
        for finished in as_completed(parts):
            part = finished.result()
            if part.failing is not None:
                pool.shutdown(cancel_futures=True)
                print(f"seed {part.seed}: model and production differ on")
                print(told(shrink(part.failing, lambda case: bool(difference(case)))))
                return 1
            met += part.met
            done += sizes[part.seed - asked.seed]
            print(f"{done} of {asked.cases} cases agree", flush=True)
    for reason, times in met.most_common():
        print(f"{times:>10} {reason}")
    return 0


def _sizes(cases: int) -> list[int]:
    whole, rest = divmod(cases, CASES_A_SEED)
    return [CASES_A_SEED] * whole + [rest] * bool(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
