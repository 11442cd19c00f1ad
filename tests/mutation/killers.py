"""The broad tests that mutants of the rules meet besides the unit tests; mutmut begins with the quickest.

Not named like a test: `make test` runs the same comparisons from tests/spec and tests/reference, with more cases.
"""

from datetime import datetime
from functools import cache

import pytest

import recordgate_streams
from recordgate_streams.golden.check import check
from recordgate_streams.ruleset.bundle import Ruleset
from tests.histories.cases import Case, cases
from tests.mutation.checkout import MUTATED, ROOT
from tests.reference.compare import Judgements, decided, difference, expected, production_ruleset

MOMENTS = ("2028-02-29T12:00:00+00:00", "2026-07-14T23:30:00+00:00")
COMPARED = {11: 40, 12: 400, 13: 1500, 14: 3500}
"""Random cases by seed: most mutants meet only the first."""


def test_the_copy_is_what_is_tested() -> None:
    assert recordgate_streams.__file__ == str(ROOT / "recordgate_streams" / "__init__.py")
    assert all((ROOT / folder / "__init__.py").exists() for folder in MUTATED)


@pytest.mark.parametrize("seed", COMPARED)
def test_the_rules_decide_as_the_model_does(seed: int) -> None:
    assert differing(seed) == ""


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_golden_rows_come_out(moment: str) -> None:
    assert next(check(datetime.fromisoformat(moment)), None) is None


def differing(seed: int) -> str:
    """Where the first case of a seed that the model decides otherwise differs, or nothing."""
    for case, rules, judged in _judged(seed):
        if judged != decided(case, rules):
            return difference(case, rules)
    return ""


@cache
def _judged(seed: int) -> list[tuple[Case, Ruleset, Judgements]]:
    """Cases with the decisions of the model, worked out once for all mutants."""
    found: list[tuple[Case, Ruleset, Judgements]] = []
    for case in cases(seed, COMPARED[seed]):
        same = found and found[-1][0].ruleset is case.ruleset
        rules = found[-1][1] if same else production_ruleset(case.ruleset)
        found.append((case, rules, expected(case)))
    return found
