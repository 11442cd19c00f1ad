"""Waiting for something to become true: bounded, and returning as soon as it is."""

import time
from collections.abc import Callable

_POLL_S = 0.05


def await_true(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Ask until the condition holds; False when it never did before the time was up."""
    give_up = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(_POLL_S)
    return True
