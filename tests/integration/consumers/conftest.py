"""One Kafka and one PostgreSQL for all tests here; empty databases for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recordgate_deploy import embedded
from recordgate_deploy.embedded import Addresses
from recordgate_deploy.runner import Runner
from recordgate_runtime.kafka import create_topics
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.settings import Settings, settings
from recordgate_runtime.signing_keys import new_key
from tests.support.consumers import patient, release
from tests.support.review import ReviewDatabase
from tests.support.services import running_services
from tests.support.view import ViewDatabase

PACKAGE = "recordgate_consumers"


@pytest.fixture(scope="session")
def services_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="session")
def servers(services_folder: Path) -> Iterator[Runner]:
    """Kafka and PostgreSQL, to be stopped or killed."""
    with running_services(services_folder) as up:
        yield up


@pytest.fixture(scope="session")
def addresses(servers: Runner, services_folder: Path) -> Addresses:
    assert servers.pids()
    found = embedded.addresses(services_folder)
    migrate(found.view_dsn, migrations(PACKAGE, "migrations/view"))
    migrate(found.review_dsn, migrations(PACKAGE, "migrations/review"))
    create_topics(Settings(kafka=found.kafka, partitions=2))
    return found


@pytest.fixture
def view(addresses: Addresses) -> Iterator[ViewDatabase]:
    with ViewDatabase(addresses.view_dsn) as database:
        database.empty()
        yield database


@pytest.fixture
def shown(view: ViewDatabase) -> ViewDatabase:
    """Patient 1 is registered and sees one entry; sequence numbers 0 and 1 are used."""
    view.open_for(patient(1))
    view.publish(release(1, patient(1), body=b"one"))
    assert view.bodies(patient(1)) == [b"one"]
    return view


@pytest.fixture
def review(addresses: Addresses) -> Iterator[ReviewDatabase]:
    with ReviewDatabase(addresses.review_dsn) as database:
        database.empty()
        yield database


@pytest.fixture
def configured(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Settings]:
    """This process's own settings point at the services, and name a key to sign reviews with."""
    new_key(tmp_path / "review.key")
    monkeypatch.setenv("RECORDGATE_REVIEW_KEY", str(tmp_path / "review.key"))
    monkeypatch.setenv("RECORDGATE_KAFKA", addresses.kafka)
    monkeypatch.setenv("RECORDGATE_VIEW_DSN", addresses.view_dsn)
    monkeypatch.setenv("RECORDGATE_REVIEW_DSN", addresses.review_dsn)
    settings.cache_clear()
    yield settings()
    settings.cache_clear()
