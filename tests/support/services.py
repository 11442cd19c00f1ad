"""Real Kafka and PostgreSQL for tests: nothing here stands in for anything."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from recordgate_deploy import embedded
from recordgate_deploy.runner import Runner
from recordgate_runtime.settings import environment


@contextlib.contextmanager
def running_services(folder: Path) -> Iterator[Runner]:
    """Run both servers of `folder` while the block lasts; the three databases exist."""
    with (folder / "servers.log").open("ab") as log, Runner(folder, log) as runner:
        runner.start(embedded.prepare(folder), environment())
        embedded.create_databases(folder)
        yield runner


@contextlib.contextmanager
def start_services(folder: Path) -> Iterator[embedded.Addresses]:
    """Run both servers of `folder` while the block lasts and give their addresses.

    For a session fixture: `with start_services(tmp_path_factory.mktemp("services")) as addresses:`
    """
    with running_services(folder):
        yield embedded.addresses(folder)
