"""One running product for the tests that do not break it, ready before the first of them."""

from collections.abc import Iterator

import pytest

from recordgate_deploy.processes import APPS
from recordgate_deploy.runner import Runner
from recordgate_deploy.settled import Watch
from recordgate_deploy.waiting import await_true
from recordgate_runtime.settings import settings
from tests.support.stack import is_ready, running_stack


@pytest.fixture(scope="package")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with running_stack(tmp_path_factory.mktemp("stack")) as up:
        for app in APPS:
            name = app.name
            assert await_true(lambda: is_ready(up, name), timeout_s=120), f"{name} is not ready"  # noqa: B023
        yield up


@pytest.fixture(scope="package")
def watch(runner: Runner) -> Iterator[Watch]:
    assert runner.pids()
    opened = Watch(settings())
    yield opened
    opened.close()
