"""One Kafka and one PostgreSQL for the whole run, started when the first test asks for them.

Hypothesis runs without deadlines: no test of ours asserts how fast this machine is.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from recordgate_deploy.embedded import Addresses
from tests.support.services import start_services

settings.register_profile(
    "recordgate",
    deadline=None,
    max_examples=int(os.getenv("RECORDGATE_TEST_EXAMPLES", "50")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("recordgate")


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    with start_services(tmp_path_factory.mktemp("services")) as found:
        yield found
