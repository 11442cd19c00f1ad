"""All of Recordgate under its runner in a folder of its own, and this process's settings restored after."""

import contextlib
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from recordgate_deploy.runner import Runner
from recordgate_deploy.stack import running
from recordgate_runtime.settings import settings


@contextlib.contextmanager
def running_stack(folder: Path, **variables: str) -> Iterator[Runner]:
    """Run everything in `folder`; `variables` are RECORDGATE_ settings in lower case."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("RECORDGATE_")]:
        del os.environ[name]
    os.environ.update({f"RECORDGATE_{name.upper()}": value for name, value in variables.items()})
    settings.cache_clear()
    try:
        with (folder / "processes.log").open("wb") as log, running(folder / "home", log) as up:
            yield up
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def listening(runner: Runner, name: str) -> list[tuple[str, int]]:
    """Return the addresses a process listens on; none while it does not run."""
    pid = runner.pids()[name]
    if not pid:
        return []
    connections = psutil.Process(pid).net_connections(kind="tcp")
    return [(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN]


def is_ready(runner: Runner, name: str) -> bool:
    """True once the process says that it does its work."""
    for _, port in listening(runner, name):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
    return False
