"""An empty ledger for each test."""

from collections.abc import Iterator

import pytest

from recordgate_deploy.embedded import Addresses
from recordgate_runtime.migrate import migrate, migrations
from tests.support.ledger import Ledger


@pytest.fixture(scope="session")
def ledger_dsn(services: Addresses) -> str:
    migrate(services.ledger_dsn, migrations("recordgate_streams", "migrations"))
    return services.ledger_dsn


@pytest.fixture
def ledger(ledger_dsn: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_dsn)
    yield opened
    opened.close()
