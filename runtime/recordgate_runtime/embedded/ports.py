"""Loopback ports: chosen once, remembered in a file, given up only when somebody else has them."""

import contextlib
import socket
from pathlib import Path

from recordgate_runtime.embedded.files import write_whole

LOOPBACK = "127.0.0.1"


def settle_port(memory: Path) -> int:
    """Return the port remembered in `memory` if it is free, else choose and remember another."""
    known = remembered_port(memory)
    if known is not None and is_free(known):
        return known
    return _remember(memory, free_port())


def settle_ports(*memories: Path) -> tuple[int, ...]:
    """Return the settled ports of several memories, no two the same."""
    chosen: list[int] = []
    for memory in memories:
        port = settle_port(memory)
        while port in chosen:
            port = _remember(memory, free_port())
        chosen.append(port)
    return tuple(chosen)


def keep_port(memory: Path) -> int:
    """Return the port remembered in `memory`, free or not; choose one if there is none."""
    known = remembered_port(memory)
    return known if known is not None else _remember(memory, free_port())


def remembered_port(memory: Path) -> int | None:
    """Return the port in `memory`, or None when nothing was remembered."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(memory.read_text(encoding="ascii"))
    return None


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` of the loopback interface now."""
    with socket.socket() as probe:
        # As servers do: a connection that is fading away (TIME_WAIT) does not bar the port, and
        # a server that starts at this very moment is not barred by the probe.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port of the loopback interface that nobody has now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _remember(memory: Path, port: int) -> int:
    write_whole(memory, f"{port}\n")
    return port
