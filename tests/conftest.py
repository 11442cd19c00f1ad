"""One Kafka and one PostgreSQL for the whole run, started when the first test asks for them."""

from collections.abc import Iterator

import pytest

from recordgate_runtime.embedded import Addresses
from tests.support.services import start_services


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    with start_services(tmp_path_factory.mktemp("services")) as found:
        yield found
