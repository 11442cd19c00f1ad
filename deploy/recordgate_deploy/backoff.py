"""How long the process runner waits before it starts a process again, and in what words it says why it ended."""

import os
import random
import signal

from recordgate_runtime.process import ExitCode

# A process that has lived this long has started well; its next restart is quick again. Longer than a server that does
# not answer keeps a process waiting, or a process that cannot start would count as one that did.
HEALTHY_S = 30.0

_FIRST_S, _LONGEST_S = 0.5, 10.0
_FIRST_AFTER_SAFETY_S, _LONGEST_AFTER_SAFETY_S = 10.0, 300.0
_NOT_HEALED_BY_A_RESTART = frozenset({ExitCode.USAGE, ExitCode.SAFETY})

_REASONS = {
    ExitCode.OK: "it was not asked to end",
    ExitCode.USAGE: "a wrong setting or path; its last line says which",
    ExitCode.DEPENDENCY_DOWN: "Kafka or PostgreSQL does not answer, or is too busy",
    ExitCode.SAFETY: "a safety check failed; its line FATAL names the page of the runbook",
    ExitCode.CRASHED: "an unexpected error; its line CRASHED says where",
    os.EX_OSERR: "it could not be started; see that its program is there and the folder writable",
}


class Backoff:
    """Counts the ends of one process in a row."""

    def __init__(self) -> None:
        self._failures = 0

    def wait_after(self, status: int, lived_s: float) -> float:
        """Return the seconds to wait after an end: a random part of a time that doubles up to its bound."""
        self._failures = 0 if lived_s >= HEALTHY_S else self._failures + 1
        if status in _NOT_HEALED_BY_A_RESTART:
            first, longest = _FIRST_AFTER_SAFETY_S, _LONGEST_AFTER_SAFETY_S
        else:
            first, longest = _FIRST_S, _LONGEST_S
        most = min(longest, first * 2 ** min(self._failures, 16))
        return random.uniform(most / 2, most)  # noqa: S311  jitter, not a secret


def reason(status: int) -> str:
    """Return why a process ended, going by its status."""
    if status < 0:
        return f"ended by {_signal_name(-status)}"
    return _REASONS.get(status, "it ended by itself; its last lines may say why")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
