"""One running product for the tests that do not break it."""

from collections.abc import Iterator

import pytest

from recordgate_deploy.settled import Watch
from recordgate_deploy.supervisor import Supervisor
from recordgate_runtime.settings import settings
from tests.support.stack import running_stack


@pytest.fixture(scope="session")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with running_stack(tmp_path_factory.mktemp("stack")) as up:
        yield up


@pytest.fixture(scope="session")
def watch(supervisor: Supervisor) -> Iterator[Watch]:
    assert supervisor.client.alive()
    opened = Watch(settings())
    yield opened
    opened.close()
