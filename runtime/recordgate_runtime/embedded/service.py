"""A service as a value: the foreground process that somebody else starts, watches and stops.

Preparing a service is `kafka.py` and `postgres.py`; running it as a child is `running.py`.
"""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from recordgate_runtime.embedded.account import Account

# The whole environment a service gets: nothing is inherited, so no secret leaks into it.
PLAIN_ENV: Mapping[str, str] = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One foreground process, complete: nothing else is needed to run it."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    logs: tuple[Path, ...]
    ready: Callable[[], bool]
    env: Mapping[str, str]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM


def become(service: Service) -> NoReturn:
    """Replace this process by the service, so that its supervisor holds the real pid."""
    os.chdir(service.cwd)  # before the account changes: afterwards the way may be barred
    if service.account is not None:
        service.account.assume()
    os.execve(service.argv[0], service.argv, dict(service.env))  # noqa: S606  no shell wanted
