"""Pid files: one per process started, so that exactly this process can be ended later, by whoever has to.

A pid alone proves nothing, because the number may belong to another process by now. Pid and start time together name
one process for ever, also after it has replaced itself by another program.
"""

import contextlib
import json
import signal
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import psutil

from recordgate_deploy.files import write_atomically
from recordgate_deploy.waiting import await_true

# Start times are counted from the boot time, which moves a little when the clock is corrected.
_SAME_START_S = 1.0
_KILL_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The content of a pid file: a process, and how to end it.

    Those of a higher `stage` end before those of a lower one; what outlives the signal by `stop_s` seconds is killed.
    """

    pid: int
    started: float
    stage: int
    stop_signal: int
    stop_s: float

    def process(self) -> psutil.Process | None:
        """Return the process if it is still running, otherwise None. A zombie is not running."""
        with contextlib.suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < _SAME_START_S
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        return None

    def send(self, number: int) -> None:
        """Send a signal, if the process is still running."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if (process := self.process()) is not None:
                process.send_signal(number)


def write_pid_file(
    path: Path, pid: int, *, stage: int = 0, stop_signal: int = signal.SIGTERM, stop_s: float = 0
) -> None:
    """Record a running process."""
    started = psutil.Process(pid).create_time()
    record = Recorded(pid=pid, started=started, stage=stage, stop_signal=stop_signal, stop_s=stop_s)
    write_atomically(path, json.dumps(asdict(record)))


def read_pid_file(path: Path) -> Recorded | None:
    """Return what the file records, or None when there is no such file or it is not a pid file."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        return Recorded(**json.loads(path.read_text(encoding="utf-8")))
    return None


def end_recorded(paths: Iterable[Path]) -> None:
    """End the recorded processes that are still running, stage by stage; the files are removed."""
    files = list(paths)
    found = [record for path in files if (record := read_pid_file(path)) is not None]
    found.sort(key=lambda record: -record.stage)
    for _, same_stage in groupby(found, key=lambda record: record.stage):
        _end(list(same_stage))
    for path in files:
        path.unlink(missing_ok=True)


def _end(records: Sequence[Recorded]) -> None:
    for record in records:
        record.send(record.stop_signal)

    def ended() -> bool:
        return not any(record.process() for record in records)

    if not await_true(ended, timeout_s=max(record.stop_s for record in records)):
        for record in records:
            record.send(signal.SIGKILL)
        await_true(ended, timeout_s=_KILL_S)
