"""Loopback ports that stay the same from one start to the next: each is remembered in a file."""

import atexit
import contextlib
import socket
import sys
from collections import deque
from pathlib import Path

from recordgate_deploy.files import write_atomically

LOOPBACK = "127.0.0.1"

MOST_RESERVED = 64
_reserved: deque[socket.socket] = deque()
"""Sockets on the ports given last, which keep them from everybody else until their servers listen there."""


def settle_ports(*files: Path) -> tuple[int, ...]:
    """Return a free port for each file, no two the same.

    It is the port the file remembers if that is free; otherwise another, which the file remembers from now on.
    """
    chosen: list[int] = []
    for file in files:
        port = remembered = _read(file)
        while port is None or port in chosen or not is_free(port):
            port = _any_free_port()
        if port != remembered:
            write_atomically(file, f"{port}\n")
        chosen.append(port)
    return tuple(chosen)


def keep_port(file: Path) -> int:
    """Return the port the file remembers, free or not; a file without one gets a free port."""
    return _read(file) or settle_ports(file)[0]


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: a closed connection in TIME_WAIT does not block the port, and the probe
        # does not block a server that starts at this moment.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _read(file: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(file.read_text(encoding="ascii"))
    return None


def _any_free_port() -> int:
    """Return a port that is free, and reserve it.

    On Linux a socket that is bound and does not listen keeps others from being given its port, and lets a server that
    names the port listen there, as both set SO_REUSEADDR. Elsewhere nothing is reserved.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((LOOPBACK, 0))
    port = int(probe.getsockname()[1])
    if sys.platform == "linux":
        _reserved.append(probe)
        if len(_reserved) > MOST_RESERVED:
            _reserved.popleft().close()
    else:
        probe.close()
    return port


@atexit.register
def _let_go() -> None:
    """Close what is reserved: a socket that the collector finds open is a warning."""
    while _reserved:
        _reserved.popleft().close()
