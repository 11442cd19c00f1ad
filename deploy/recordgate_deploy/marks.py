"""Marks: small files that say which process runs what, so that a later start finds survivors.

A pid alone proves nothing, the number may be somebody else's by now; pid and start time together
name one process for ever, also after it has become another program by exec.
"""

import contextlib
import json
import os
from pathlib import Path

import psutil

from recordgate_runtime.embedded.files import write_whole

# Start times are counted from the boot time, which moves a little when the clock is corrected.
_SAME_START_S = 1.0


def leave_mark(path: Path) -> None:
    """Write down this process, before it becomes what it is to run."""
    started = psutil.Process().create_time()
    write_whole(path, json.dumps({"pid": os.getpid(), "started": started}))


def survivor(path: Path) -> psutil.Process | None:
    """Return the marked process if it still lives, or None."""
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, psutil.Error):
        mark = json.loads(path.read_text(encoding="utf-8"))
        process = psutil.Process(mark["pid"])
        same = abs(process.create_time() - mark["started"]) < _SAME_START_S
        return process if same and lives(process) else None
    return None


def lives(process: psutil.Process) -> bool:
    """Tell whether the process still does anything (a zombie does not)."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
