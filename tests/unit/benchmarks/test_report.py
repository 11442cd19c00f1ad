"""The report says what was measured and counts nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as bench
from benchmarks.report import (
    NOT_MEASURED,
    RESULTS,
    STORED_ENTRIES,
    STORED_PATIENTS,
    Target,
    answers,
    judge,
    lines,
    targets,
)

FULL = {"patients": STORED_PATIENTS, "entries": STORED_ENTRIES}
LEAST = Target(
    measure="rate", question="q", number="n", unit="/s", must=10, moonshot=20, at_least=True
)
MOST = Target(measure="cost", question="q", number="n", unit="us", must=10, moonshot=5, stored=True)


def answer(value: float, **more: Any) -> dict[str, Any]:
    machine = {"at": "2026-01-01T00:00:00+00:00", "cores": 2, "load_before": 0.5}
    return {"q": {"numbers": {"n": value}, "machine": machine, **more}}


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (LEAST, 9.9, "missed"),
        (LEAST, 10, "met"),
        (LEAST, 20, "moonshot"),
        (MOST, 10.1, "missed"),
        (MOST, 10, "met"),
        (MOST, 5, "moonshot"),
    ],
)
def test_a_figure_is_judged_by_its_bounds(target: Target, value: float, verdict: str) -> None:
    assert judge(target, answer(value, store=FULL)).verdict == verdict


def test_a_figure_of_a_smaller_store_does_not_count() -> None:
    found = judge(MOST, answer(1, store={"patients": STORED_PATIENTS, "entries": 20_000}))

    assert (found.value, found.met) == (1, False)
    assert not judge(MOST, answer(1)).met


def test_a_short_run_does_not_count() -> None:
    assert not judge(LEAST, answer(100, short=True)).met


def test_what_no_run_has_is_not_measured() -> None:
    other = Target(measure="m", question="q", number="other", unit="", must=1, moonshot=1)

    assert judge(LEAST, {}).verdict == NOT_MEASURED
    assert judge(other, answer(1)).verdict == NOT_MEASURED


def test_the_scale_turns_a_share_into_percent() -> None:
    share = Target(
        measure="share",
        question="q",
        number="n",
        unit="%",
        scale=100,
        must=18,
        moonshot=33,
        at_least=True,
    )

    assert judge(share, answer(0.2)) == judge(share, answer(0.2, store=FULL))
    assert judge(share, answer(0.2)).value == 20


def test_the_last_line_counts_the_musts_that_are_met() -> None:
    found = lines([LEAST, MOST], answer(10, store=FULL) | {"unasked": {}})

    assert found[-1] == "bench: met 2 of 2 musts"
    assert found[1].split() == ["rate", ">=", "10", "/s", ">=", "20", "/s", "10", "/s", "met"]
    assert found[-2].startswith("q: 2026-01-01")
    assert lines([LEAST], {})[-1] == "bench: met 0 of 1 musts"


def test_every_target_can_be_measured_once_and_is_at_least_as_hard_as_its_must() -> None:
    known = targets()

    assert len({(one.question, one.number) for one in known}) == len(known)
    assert all(one.reached(one.moonshot, one.must) for one in known)


def test_committed_answers_are_full_runs_of_known_questions() -> None:
    for question, found in answers(RESULTS).items():
        assert question in bench.QUESTIONS
        assert found["short"] is False


def test_a_short_run_is_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "q.json").write_text(json.dumps({}), "utf-8")

    assert answers(tmp_path) == {}
    assert bench.SHORT_RESULTS.parent == RESULTS
