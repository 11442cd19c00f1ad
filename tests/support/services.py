"""Real Kafka and PostgreSQL for tests: nothing here stands in for anything."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from recordgate_runtime import embedded


@contextlib.contextmanager
def start_services(folder: Path) -> Iterator[embedded.Addresses]:
    """Run both services of `folder` while the block lasts; the three databases exist.

    For a session fixture: `with start_services(tmp_path_factory.mktemp("services")) as addresses:`
    """
    with embedded.run(*embedded.prepare_services(folder)):
        embedded.create_databases(folder)
        yield embedded.addresses(folder)
