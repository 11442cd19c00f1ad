"""All of Recordgate on one machine: embedded servers if none are configured, databases, topics, every process.

Needs the extra `embedded`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from recordgate_deploy import embedded
from recordgate_deploy.files import private_folder
from recordgate_deploy.processes import APPS
from recordgate_deploy.runner import Runner
from recordgate_deploy.servers import (
    find_embedded,
    introduce_services,
    make_key_files,
    make_topics,
    migrate_all,
    no_servers_configured,
)
from recordgate_runtime.settings import adopt, environment, settings


@contextlib.contextmanager
def running(home: Path, output: IO[bytes] | None = None) -> Iterator[Runner]:
    """Run every process while the block lasts; `output` gets what they print."""
    private_folder(home)
    adopt({"RECORDGATE_HOME": str(home.resolve())})
    with Runner(home, output) as runner:
        embedded_here = no_servers_configured()
        if embedded_here:
            _start_servers(runner, home)
        migrate_all(settings())
        if embedded_here:
            introduce_services(settings())
        make_topics(settings())
        runner.start(APPS, environment())
        yield runner


def _start_servers(runner: Runner, home: Path) -> None:
    """Start the embedded servers and adopt their addresses and the home's keys, made when they are missing."""
    make_key_files(home)
    commands = embedded.prepare(home)
    find_embedded()
    runner.start(commands, environment())
    embedded.create_logins(home)
