"""Ending what a killed supervisor left behind: only what carries our mark, in stopping order."""

import contextlib
import signal
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import psutil

from recordgate_deploy.marks import lives, survivor
from recordgate_deploy.processes import ProcessCommand
from recordgate_runtime.embedded.waiting import await_true

SUPERVISORD = "supervisord"
# Longer than supervisord itself gives its processes (see supervisor_config.py).
ORDERLY_STOP_S = 100.0
_STOP_S = 30.0


def end_leftovers(marks: Path, commands: Sequence[ProcessCommand]) -> None:
    """End a supervisord that is still there, then any process it can no longer end."""
    _end({marks / SUPERVISORD: signal.SIGTERM}, ORDERLY_STOP_S)
    in_order = sorted(commands, key=lambda command: -command.group)
    for _, together in groupby(in_order, key=lambda command: command.group):
        _end({marks / one.name: one.stop_signal for one in together}, _STOP_S)


def _end(signals: dict[Path, signal.Signals], timeout_s: float) -> None:
    """Ask the marked processes to end, all at once; end those that do not."""
    processes = []
    for mark, stop_signal in signals.items():
        if (process := survivor(mark)) is not None:
            _send(process, stop_signal)
            processes.append(process)
    if not await_true(lambda: not any(map(lives, processes)), timeout_s=timeout_s):
        for process in filter(lives, processes):
            _send(process, signal.SIGKILL)
        await_true(lambda: not any(map(lives, processes)), timeout_s=_STOP_S)


def _send(process: psutil.Process, stop_signal: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
