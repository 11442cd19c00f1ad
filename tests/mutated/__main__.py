"""Run many cases: `python -m tests.mutated --cases 1000000 --seed 1`."""

import argparse
import sys
from itertools import islice

from tests.mutated.check import problems

MOST_SHOWN = 20


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    found = list(islice(problems(given.cases, given.seed), MOST_SHOWN))
    for one in found:
        sys.stdout.write(f"case {one.case}: {one.problem} ({', '.join(one.moves)})\n")
    sys.stdout.write(
        f"{given.cases} mutated resources, seed {given.seed}: {len(found) or 'no'} problems\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
