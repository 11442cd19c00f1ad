"""The number of an incarnation: greater than all that is known, and never given twice."""

from datetime import timedelta

from recordgate_streams.ledger.incarnations import new_incarnation
from tests.support.builders import NOW


def test_an_incarnation_is_greater_than_all_that_are_known_whatever_the_clock_says() -> None:
    known = new_incarnation(NOW, ())
    assert new_incarnation(NOW, [known, 1]) > known
    assert new_incarnation(NOW - timedelta(days=3650), [1, known]) > known
    assert new_incarnation(NOW, [1 << 60]) > 1 << 60


def test_it_fits_the_field_that_carries_it() -> None:
    assert new_incarnation(NOW + timedelta(days=36500), ()) < 1 << 63


def test_two_restores_that_know_the_same_at_one_instant_begin_different_incarnations() -> None:
    known = new_incarnation(NOW, ())
    assert len({new_incarnation(NOW, [known]) for _ in range(3)}) > 1
    late = NOW - timedelta(days=1)
    assert len({new_incarnation(late, [known]) for _ in range(3)}) > 1
