"""Sequence numbers are noted as runs: most batches have one of a partition."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from recordgate_consumers.incarnations import runs


def test_numbers_in_a_row_are_one_run_in_whatever_order() -> None:
    assert runs([(1, 7), (0, 3), (0, 1), (0, 2), (1, 9), (0, 2)]) == [
        (0, 1, 3),
        (1, 7, 7),
        (1, 9, 9),
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20))))
def test_runs_hold_these_numbers_and_do_not_touch(numbers: list[tuple[int, int]]) -> None:
    found = runs(numbers)

    assert {(p, n) for p, first, last in found for n in range(first, last + 1)} == set(numbers)
    assert all(a[0] < b[0] or a[2] + 1 < b[1] for a, b in itertools.pairwise(found))
