"""Compare every body with its source and write the page: `python -m tests.leaves`."""

import sys
from collections import Counter
from pathlib import Path

from recordgate_producers.fhir import Given, parse
from recordgate_producers.samples import RECORDS
from tests.leaves.losses import Loss, losses
from tests.records.test_publishing import RECORDS as PUBLISHED
from tests.records.test_publishing import given
from tests.support.shared_data import SHARED, content

PAGE = Path(__file__).parents[2] / "docs" / "what-is-left-out.md"
HEAD = """# What is left out

Every leaf of every resource is compared with the body that is made of it: what a body does not have, how often, why.
Resources contained in a body are compared with their own sources. The rules are in
[what is read in a record](what-is-read-in-a-record.md); how a reference is spelled does not count. Written by
`python -m tests.leaves`, which fails on a loss that no rule explains.

None of it is clinical: no code, value, unit, date, dose, status or note of the patient's care is in these tables. There
are two exceptions: a text that carries the patient's own NHS number, which holds its entry, and extensions of which
nobody here knows what they say.
"""
SAMPLES = "## The bundled samples"
OTHERS = "## The published records"


def of_samples() -> Counter[Loss]:
    """Return what the bodies of the bundled samples lose."""
    files = sorted(RECORDS.glob("*.json"))
    return sum((losses(parse(path.read_bytes()), Given()) for path in files), Counter[Loss]())


def of_published(step: int = 1) -> Counter[Loss]:
    """Return what the bodies of the published records lose, of every `step`th record."""
    names = PUBLISHED[::step]
    found = (losses(parse(content(SHARED / name)), given(name)) for name in names)
    return sum(found, Counter[Loss]())


def table(found: Counter[Loss]) -> str:
    """Return losses as rows: resource, element, how many leaves, why."""
    rows = [
        f"| {loss.type} | `{loss.element}` | {count:,} | {loss.why or '**not explained**'} |"
        for loss, count in sorted(found.items())
    ]
    return "\n".join(("| resource | element | leaves | why |", "|---|---|---|---|", *rows))


def page(samples: Counter[Loss], published: str) -> str:
    """Return the whole page. `published`: its last table."""
    return f"{HEAD}\n{SAMPLES}\n\n{table(samples)}\n\n{OTHERS}\n\n{published}\n"


def main() -> int:
    """Write the page; 1 if a loss is not explained."""
    if not PUBLISHED:
        sys.stderr.write("the published records are not here; their table would be lost\n")
        return 1
    samples, published = of_samples(), of_published()
    PAGE.write_text(page(samples, table(published)), "utf-8")
    return 1 if any(not loss.why for loss in samples | published) else 0


if __name__ == "__main__":
    sys.exit(main())
