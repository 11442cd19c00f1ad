"""One Kafka and one PostgreSQL for the whole run, started when the first test asks for them; cheap tests run first.

Hypothesis runs without deadlines: no test of ours asserts how fast this machine is. It tries the same examples in every
run, so that a failure belongs to a change; `RECORDGATE_TEST_EXAMPLES=N` tries N others each time.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from recordgate_deploy.embedded import Addresses
from tests.support.services import sign_in_as_admin, start_services

EXAMPLES = os.getenv("RECORDGATE_TEST_EXAMPLES")
settings.register_profile(
    "recordgate",
    deadline=None,
    derandomize=EXAMPLES is None,
    max_examples=int(EXAMPLES or 50),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("recordgate")

QUICK = ("unit", "contract", "architecture", "spec")
"""Folders that `make quick` runs: a minute at most, no server."""

BY_COST = (*QUICK, "records", "mutated", "reference", "model", "integration", "e2e", "mutation")
"""Every folder with tests, in the order in which they run: what is cheap fails first. A new one joins the list."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give each run a folder of its own.

    Runs share pytest's, and each that starts takes away others' right to pass through it: for a run by root, in which
    PostgreSQL has a user of its own, that is the end of its databases.
    """
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="recordgate-tests-")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remove the folder of a run without failures."""
    if exitstatus == pytest.ExitCode.OK and not hasattr(session.config, "workerinput"):
        shutil.rmtree(session.config.option.basetemp, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests in the order of their folders' cost; refuse a cheap one that asks for servers."""
    items.sort(key=lambda item: BY_COST.index(_folder(item)))
    for item in items:
        if _folder(item) in QUICK and "services" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid} needs servers; move it to tests/integration")


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="session", autouse=True)
def kafka_admin(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests are the administrator of the brokers they start, unless they say that they are somebody else."""
    os.environ.update(sign_in_as_admin(tmp_path_factory.mktemp("kafka-admin")))


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    with start_services(tmp_path_factory.mktemp("services")) as found:
        yield found
