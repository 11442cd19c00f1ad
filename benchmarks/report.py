"""Prints every target beside the figure of the last committed run: `python -m benchmarks.report`.

A figure counts as met only if it was measured as its target asks: in a full run, on a store as large as it names.
"""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TARGETS = Path(__file__).with_name("targets.toml")
RESULTS = Path(__file__).with_name("results")
STORED_PATIENTS, STORED_ENTRIES = 1_000_000, 5_000_000
"""What must be stored before a run whose target says `stored`."""

NOT_MEASURED = "not measured"
_HEAD = ("measure", "must", "moonshot", "measured", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One figure to be reached. `scale`: how many of its units one unit of the results is."""

    measure: str
    question: str
    number: str
    unit: str
    must: float
    moonshot: float
    at_least: bool = False
    stored: bool = False
    scale: float = 1

    def bound(self, value: float) -> str:
        """Return a bound with its direction and unit."""
        return f"{'>=' if self.at_least else '<='} {value:,} {self.unit}"

    def reached(self, value: float, bound: float) -> bool:
        """Whether a value, in the target's unit, is as good as a bound."""
        return value >= bound if self.at_least else value <= bound


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a target: its value in the target's unit, and whether that counts."""

    value: float | None
    verdict: str

    @property
    def met(self) -> bool:
        """Whether the must is met by a figure that counts."""
        return self.verdict in ("met", "moonshot")


def targets() -> list[Target]:
    """Return all targets, in the order of the file."""
    return [Target(**one) for one in tomllib.loads(TARGETS.read_text("utf-8"))["target"]]


def answers(folder: Path) -> dict[str, Any]:
    """Return the committed answers by question."""
    return {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.json"))}


def judge(target: Target, found: Mapping[str, Any]) -> Finding:
    """Compare a target with the answers."""
    answer = found.get(target.question)
    number = answer["numbers"].get(target.number) if answer else None
    if answer is None or number is None:
        return Finding(None, NOT_MEASURED)
    value = number * target.scale
    if answer.get("short"):
        return Finding(value, "a short run does not count")
    if not target.reached(value, target.must):
        return Finding(value, "missed")
    if target.stored and not _is_full(answer.get("store", {})):
        return Finding(value, "on a smaller store: does not count")
    return Finding(value, "moonshot" if target.reached(value, target.moonshot) else "met")


def _is_full(store: Mapping[str, int]) -> bool:
    return store.get("patients", 0) >= STORED_PATIENTS and store.get("entries", 0) >= STORED_ENTRIES


def lines(wanted: Sequence[Target], found: Mapping[str, Any]) -> list[str]:
    """Return the table, the runs it was read from, and how many musts are met."""
    judged = [(target, judge(target, found)) for target in wanted]
    rows = [_HEAD, *(_row(target, finding) for target, finding in judged)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
    met = sum(finding.met for _, finding in judged)
    asked = {target.question for target in wanted}
    runs = [_run(question, found[question]) for question in sorted(asked & found.keys())]
    last = f"bench: met {met} of {len(judged)} musts"
    return [*(line.rstrip() for line in table), "", *runs, last]


def _row(target: Target, finding: Finding) -> tuple[str, ...]:
    bounds = (target.bound(target.must), target.bound(target.moonshot))
    if finding.value is None:
        return (target.measure, *bounds, NOT_MEASURED, "")
    shown = f"{round(finding.value, 2):,} {target.unit}"
    return (target.measure, *bounds, shown, finding.verdict)


def _run(question: str, answer: Mapping[str, Any]) -> str:
    machine, store = answer["machine"], answer.get("store", {})
    return (
        f"{question}: {machine['at']}, {machine['cores']} cores, load before {machine['load_before']},"
        f" {store.get('patients', 0):,} patients and {store.get('entries', 0):,} entries stored before"
    )


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines(targets(), answers(RESULTS))) + "\n")
