"""The whole product running under its supervisor in a folder of its own, and this process's settings restored after."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from recordgate_deploy.stack import running
from recordgate_deploy.supervisor import Supervisor
from recordgate_runtime.settings import settings


@contextlib.contextmanager
def running_stack(folder: Path, **variables: str) -> Iterator[Supervisor]:
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
