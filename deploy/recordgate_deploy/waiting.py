"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable

_POLL_S = 0.05


def await_true(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Return True as soon as the condition holds, False when it does not within `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
