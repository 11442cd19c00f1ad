"""All of Recordgate on one machine: embedded servers if none are configured, databases, topics, every process.

Needs the extra `embedded`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from recordgate_deploy import embedded
from recordgate_deploy.processes import APPS
from recordgate_deploy.runner import Runner
from recordgate_deploy.servers import find_embedded, make_topics, migrate_all, no_servers_configured
from recordgate_runtime.settings import adopt, environment, settings
from recordgate_streams.ledger.quarantine_seal import make_key_file


@contextlib.contextmanager
def running(home: Path, output: IO[bytes] | None = None) -> Iterator[Runner]:
    """Run every process while the block lasts; `output` gets what they print."""
    home.mkdir(parents=True, exist_ok=True)
    adopt({"RECORDGATE_HOME": str(home.resolve())})
    with Runner(home, output) as runner:
        if no_servers_configured():
            _start_servers(runner, home)
        migrate_all(settings())
        make_topics(settings())
        runner.start(APPS, environment())
        yield runner


def _start_servers(runner: Runner, home: Path) -> None:
    """Start the embedded servers and adopt their addresses and the quarantine's key, made when it is missing."""
    commands = embedded.prepare(home)
    make_key_file(settings().quarantine_key or home / "quarantine.key")
    find_embedded()
    runner.start(commands, environment())
    embedded.create_logins(home)
