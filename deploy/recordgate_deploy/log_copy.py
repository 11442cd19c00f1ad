"""The combined log: what all processes print, from supervisord to whoever started us."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from typing import IO


@contextlib.contextmanager
def copied(daemon: subprocess.Popen[bytes], output: IO[bytes]) -> Iterator[None]:
    """Copy the daemon's output, which holds every process's lines, until there is no more."""
    copier = threading.Thread(target=_copy, args=(daemon.stdout, output), daemon=True)
    copier.start()
    try:
        yield
    finally:
        if daemon.stdin is not None:
            daemon.stdin.close()
        copier.join()


def _copy(source: IO[bytes], output: IO[bytes]) -> None:
    """Copy line by line; when nobody reads any more, go on taking, or the processes would hang."""
    for line in source:
        with contextlib.suppress(OSError, ValueError):
            output.write(line)
            output.flush()
    source.close()
