"""How much is held that nobody had to hold: `python -m benchmarks.holding [--data FOLDER] [--patients N]`.

Decides the published test records, the bundled samples, the simulator's patients and invented practices, without a
broker. Writes the measured part of docs/over-holding.md and benchmarks/results/holding.json. Status 1 when more than
the target is held.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.holding_case import PATIENT, Case, Judged, judge
from benchmarks.holding_count import TARGET, over_held, tally
from benchmarks.holding_page import as_json, page
from benchmarks.holding_practice import practice
from benchmarks.holding_records import (
    Door,
    moved,
    opened,
    pool,
    published,
    samples,
    simulated,
)

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "over-holding.md"
RESULT = Path(__file__).parent / "results" / "holding.json"
MARK = "<!-- measured by benchmarks/holding.py; what follows is overwritten -->\n"
ENTRIES_EACH = 40


def main(
    data: Annotated[Path, typer.Option(help="folder of published test records")] = SHARED,
    patients: Annotated[int, typer.Option(min=1, help="patients of generated practices")] = 1000,
) -> None:
    """Measure, write the page and the result, name every ordinary entry that is held."""
    door = Door()
    judged = measure(data, patients, door)
    there = data.is_dir()
    missing = "" if there else "The published test records were not there: not measured."
    written = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(f"{written}{MARK}\n{page(judged, door, missing)}", "utf-8")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(as_json(judged, door), indent=2) + "\n", "utf-8")
    for victim in over_held(judged):
        print(victim)
    print(missing or f"published records: {data.name}")
    sys.exit(1 if max(rates(judged).values()) > TARGET else 0)


def measure(data: Path, patients: int, door: Door) -> list[Judged]:
    """Return every decision of every population; without the folder `data`, of the others."""
    return [one for case in _cases(data, patients, door) for one in judge(case)]


def rates(judged: Sequence[Judged]) -> dict[str, float]:
    """Return for each pool the share of ordinary entries, open to their patient, that are held."""
    pools = tally(judged, lambda one: pool(one.case.population))
    return {name: t.rate for (name, who), t in pools.items() if who == PATIENT}


def _cases(data: Path, patients: int, door: Door) -> Iterator[Case]:
    if data.is_dir():
        for population, record, sex in published(data, door):
            yield opened(population, record, sex)
            yield moved(population, record, sex)
    yield from samples()
    yield from simulated(patients, ENTRIES_EACH)
    yield from practice(patients)


if __name__ == "__main__":
    typer.run(main)
