"""What a killed PostgreSQL leaves: children that need a moment to notice, and a stale pid file."""

import contextlib
from pathlib import Path

import psutil

from recordgate_runtime.embedded.errors import AlreadyRunningError
from recordgate_runtime.embedded.waiting import await_true

_ORPHANS_S = 10.0


def await_orphans(data: Path) -> None:
    """Refuse a second server; wait for the children of a killed one, then forget its pid file.

    PostgreSQL drops a stale pid file by itself, but not when the pid now belongs to another
    process of this user, as happens after a reboot.
    """
    pid_file = data / "postmaster.pid"

    def gone() -> bool:
        servers = _servers_on(data)
        if _recorded(pid_file) in servers:
            raise AlreadyRunningError(
                f"PostgreSQL is running on {data}. Stop it first, or use another data folder."
            )
        return not servers

    if not await_true(gone, timeout_s=_ORPHANS_S):
        raise AlreadyRunningError(f"Children of a killed PostgreSQL still work on {data}.")
    pid_file.unlink(missing_ok=True)


def _servers_on(data: Path) -> set[int]:
    """Return the pids of the PostgreSQL processes whose working folder is `data`."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres" and process.cwd() == str(data):
                found.add(process.pid)
    return found


def _recorded(pid_file: Path) -> int | None:
    """Return the main server's pid as it wrote it down, or None."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(pid_file.read_text(encoding="ascii").split()[0])
    return None
