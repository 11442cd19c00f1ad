"""Medians, percentiles and rounding, the same for every question."""

import math
import statistics
from collections.abc import Sequence

Numbers = dict[str, float]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def spread_ms(name: str, seconds: Sequence[float]) -> Numbers:
    """Return count, median, 99th percentile and maximum of durations, in milliseconds."""
    return {
        f"{name}_count": len(seconds),
        f"{name}_p50_ms": round(percentile(seconds, 50) * 1000, 1),
        f"{name}_p99_ms": round(percentile(seconds, 99) * 1000, 1),
        f"{name}_max_ms": round(max(seconds) * 1000, 1),
    }


def medians(rounds: Sequence[Numbers]) -> Numbers:
    """Return the median of each number over the rounds."""
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def spread(rounds: Sequence[Numbers]) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest of each number over the rounds."""
    return {
        name: (min(one[name] for one in rounds), max(one[name] for one in rounds))
        for name in rounds[0]
    }


def named(prefix: str, numbers: Numbers) -> Numbers:
    """Return the numbers with a prefix before each name."""
    return {f"{prefix}_{name}": value for name, value in numbers.items()}
