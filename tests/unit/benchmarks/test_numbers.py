"""What every question computes from what it measured."""

from benchmarks.calibration import calibrate
from benchmarks.cpu import core_percent, us_each
from benchmarks.numbers import medians, named, spread

BEFORE = {"decide-entries": 1.0, "kafka": 5.0}
AFTER = {"decide-entries": 1.5, "kafka": 6.0, "view-sink": 0.25}


def test_cpu_is_divided_by_what_was_done() -> None:
    assert us_each(BEFORE, AFTER, 1_000) == {
        "cpu_us_decide-entries": 500.0,
        "cpu_us_kafka": 1000.0,
        "cpu_us_view-sink": 250.0,
        "cpu_us_together": 1750.0,
    }


def test_our_share_of_a_core_is_without_the_servers() -> None:
    used = core_percent(BEFORE, AFTER, 10)

    assert used["core_percent_kafka"] == 10.0
    assert used["core_percent_ours"] == 7.5


def test_rounds_become_a_median_and_a_spread() -> None:
    rounds = [{"a": 3.0}, {"a": 1.0}, {"a": 2.0}]

    assert named("x", medians(rounds)) == {"x_a": 2.0}
    assert spread(rounds) == {"a": (1.0, 3.0)}


def test_the_calibration_says_how_much_of_a_core_there_was() -> None:
    found = calibrate()

    assert 0 < found["calibration_cpu_us"] <= found["calibration_wall_us"] * 1.5
