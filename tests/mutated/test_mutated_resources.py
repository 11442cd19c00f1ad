"""Whatever is done to a resource, nothing planted in it is in a body, and the entry beside it stays as it is."""

import pytest

from tests.mutated.check import problems, sources

SEEDS = range(4)
CASES = 5_000


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_planted_gets_through(seed: int) -> None:
    assert list(problems(CASES, seed)) == []


def test_there_is_something_to_mutate() -> None:
    assert len(sources()) > 20
