"""Batches begin at once in thin traffic, and are gathered for as the load grows."""

from dataclasses import dataclass

import pytest

from recordgate_runtime.pace import REST, Every, Pace


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def after_a_batch(clock: Clock, took: float) -> Pace:
    pace = Pace(0.02, clock)
    with pace.batch():
        clock.now += took
    return pace


def test_the_first_batch_begins_at_once() -> None:
    assert Pace(0.02, Clock()).rest_s() == 0


def test_a_rest_is_a_few_times_as_long_as_the_batch_and_bounded() -> None:
    assert after_a_batch(Clock(), 0.002).rest_s() == pytest.approx(REST * 0.002)
    assert after_a_batch(Clock(), 0.5).rest_s() == pytest.approx(0.02)


def test_who_has_rested_long_enough_begins_at_once() -> None:
    clock = Clock()
    pace = after_a_batch(clock, 0.002)

    clock.now += 0.004
    assert pace.rest_s() == pytest.approx(0.002)
    clock.now += 0.1
    assert pace.rest_s() == 0


def test_a_thin_stream_uses_a_quarter_of_the_time_at_most() -> None:
    clock = Clock()
    pace, began, worked = Pace(0.02, clock), clock.now, 0.0
    for _ in range(100):
        clock.now += pace.rest_s()
        with pace.batch():
            clock.now += 0.003
        worked += 0.003
    clock.now += pace.rest_s()

    assert worked / (clock.now - began) == pytest.approx(1 / (1 + REST))


def test_what_is_due_once_in_a_period_is_due_at_the_start() -> None:
    clock = Clock()
    every = Every(1.0, clock)

    assert [every.is_due(), every.is_due()] == [True, False]
    clock.now += 1.5
    assert [every.is_due(), every.is_due()] == [True, False]
