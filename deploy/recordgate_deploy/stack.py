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
from recordgate_deploy.servers import find_embedded, make_topics, migrate_all, no_servers_configured
from recordgate_runtime.settings import adopt, environment, settings
from recordgate_streams.ledger.quarantine_seal import make_key_file, read_seal


@contextlib.contextmanager
def running(home: Path, output: IO[bytes] | None = None) -> Iterator[Runner]:
    """Run every process while the block lasts; `output` gets what they print."""
    private_folder(home)
    adopt({"RECORDGATE_HOME": str(home.resolve())})
    with Runner(home, output) as runner:
        if no_servers_configured():
            _start_servers(runner, home)
        migrate_all(settings())
        make_topics(settings())
        runner.start(APPS, environment())
        yield runner


def _start_servers(runner: Runner, home: Path) -> None:
    """Start the embedded servers and adopt their addresses and the quarantine's key.

    A key that is configured must be there: one made at a mistyped path would open nothing that was sealed before.
    """
    if settings().quarantine_key is None:
        make_key_file(home / "quarantine.key")
    else:
        read_seal(settings().quarantine_key)
    commands = embedded.prepare(home)
    find_embedded()
    runner.start(commands, environment())
    embedded.create_logins(home)
