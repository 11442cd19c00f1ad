"""Asking a running supervisord: start, stop, how are you. Typed, and in our process names."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import Protocol, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import Faults, SupervisorTransport

from recordgate_schemas.errors import RetryableError, UsageError

# The kernel's limit is 107 bytes, and supervisord first binds a name that its pid makes longer.
_LONGEST_SOCKET = 95


class State(StrEnum):
    """What supervisord says of a process."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"


class SupervisorSilentError(RetryableError):
    """supervisord does not answer: it is not up yet, or no longer."""


class _Daemon(Protocol):
    """What we use of supervisord's XML-RPC interface, under its own names."""

    def startProcess(self, name: str, wait: bool, /) -> object: ...  # noqa: N802, FBT001
    def stopProcess(self, name: str, wait: bool, /) -> object: ...  # noqa: N802, FBT001
    def getAllProcessInfo(self) -> object: ...  # noqa: N802


class Client:
    """The control side of one supervisord. Every call opens its own connection."""

    def __init__(self, socket: Path, groups: Mapping[str, str]) -> None:
        self._socket = socket
        self._groups = groups

    def alive(self) -> bool:
        """Tell whether supervisord answers."""
        try:
            self.states()
        except SupervisorSilentError:
            return False
        return True

    def start(self, name: str) -> None:
        """Ask for the process to run; it may take its time. Fine if it already does."""
        with self._supervisord() as daemon, _fine_if(Faults.ALREADY_STARTED):
            daemon.startProcess(self._full(name), False)  # noqa: FBT003  do not wait

    def stop(self, name: str) -> None:
        """End the process and wait until it has; it stays down until started. Fine if it is."""
        with self._supervisord() as daemon, _fine_if(Faults.NOT_RUNNING):
            daemon.stopProcess(self._full(name), True)  # noqa: FBT003  wait

    def states(self) -> Mapping[str, State]:
        """Return every process's state."""
        return {str(one["name"]): State(str(one["statename"])) for one in self._all()}

    def pid(self, name: str) -> int | None:
        """Return the process's pid, or None while it has none."""
        pids = {str(one["name"]): int(str(one["pid"])) for one in self._all()}
        return pids.get(name) or None

    def _all(self) -> list[dict[str, object]]:
        with self._supervisord() as daemon:
            return cast("list[dict[str, object]]", daemon.getAllProcessInfo())

    def _full(self, name: str) -> str:
        if name not in self._groups:
            raise UsageError(f"no such process: {name}; there are {', '.join(self._groups)}")
        return f"{self._groups[name]}:{name}"

    @contextlib.contextmanager
    def _supervisord(self) -> Iterator[_Daemon]:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            with ServerProxy("http://supervisord", transport=transport) as proxy:
                yield cast("_Daemon", proxy.supervisor)
        except (OSError, HTTPException) as error:
            raise SupervisorSilentError("supervisord does not answer") from error
        except Fault as fault:
            if fault.faultCode != Faults.SHUTDOWN_STATE:
                raise
            raise SupervisorSilentError("supervisord is stopping") from fault


def socket_for(home: Path) -> Path:
    """Return where the control socket of `home` is: inside, unless the path would be too long."""
    inside = home / "control.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"recordgate-{os.geteuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise UsageError(f"{short} belongs to somebody else; choose a shorter data folder")
    return short / "control.sock"


@contextlib.contextmanager
def _fine_if(fault_code: int) -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        if fault.faultCode != fault_code:
            raise
