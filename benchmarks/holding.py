"""Measures how much is held without need: `python -m benchmarks.holding [--data FOLDER] [--patients N]`.

Decides the published test records, the bundled samples, the simulator's patients and generated practices, without a
broker. Writes the measured part of docs/over-holding.md and benchmarks/results/holding.json. Ends with status 1 when
more than the target is held.
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
    Intake,
    moved,
    opened,
    pool,
    published,
    samples,
    simulated,
    uk_core,
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
    """Measure, write the page and the result, and print every ordinary entry that is held."""
    intake = Intake()
    judged = measure(data, patients, intake)
    missing = "" if data.is_dir() else "The published test records were not found and not measured."
    written = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(f"{written}{MARK}\n{page(judged, intake, missing)}", "utf-8")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(as_json(judged, intake), indent=2) + "\n", "utf-8")
    for line in over_held(judged):
        print(line)
    print(missing or f"published records: {data.name}")
    sys.exit(1 if max(rates(judged).values()) > TARGET else 0)


def measure(data: Path, patients: int, intake: Intake) -> list[Judged]:
    """Return every decision of every population; without the published records if there is no folder `data`."""
    return [one for case in _cases(data, patients, intake) for one in judge(case)]


def rates(judged: Sequence[Judged]) -> dict[str, float]:
    """Return for each pool the share of ordinary entries, open to their patient, that are held."""
    pools = tally(judged, lambda one: pool(one.case.population))
    return {name: t.rate for (name, who), t in pools.items() if who == PATIENT}


def _cases(data: Path, patients: int, intake: Intake) -> Iterator[Case]:
    if data.is_dir():
        for population, record, sex in published(data, intake):
            yield opened(population, record, sex)
            yield moved(population, record, sex)
    yield from samples()
    yield from uk_core()
    yield from simulated(patients, ENTRIES_EACH)
    yield from practice(patients)


if __name__ == "__main__":
    typer.run(main)
