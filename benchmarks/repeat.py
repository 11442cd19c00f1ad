"""CPU time of a call, for what needs no servers."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def median_us(work: Callable[[Item], object], items: Sequence[Item], rounds: int) -> float:
    """Return the median over rounds of the CPU microseconds a call takes on average."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        for item in items:
            work(item)
        found.append((time.process_time() - started) * 1e6 / len(items))
    return round(statistics.median(found), 1)
