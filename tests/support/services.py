"""Real Kafka and PostgreSQL for tests: nothing here stands in for anything."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from recordgate_deploy import embedded
from recordgate_deploy.embedded import kafka
from recordgate_deploy.kafka_logins import add_password
from recordgate_deploy.runner import Runner
from recordgate_runtime.kafka_access import KafkaAccess, access
from recordgate_runtime.settings import Settings, environment
from recordgate_schemas.topics import Principal


@contextlib.contextmanager
def running_services(folder: Path) -> Iterator[Runner]:
    """Run both servers of `folder` while the block lasts; the three databases exist."""
    _share_admin(kafka.secrets_folder(folder))
    with (folder / "servers.log").open("ab") as log, Runner(folder, log) as runner:
        runner.start(embedded.prepare(folder), environment())
        embedded.create_logins(folder)
        yield runner


@contextlib.contextmanager
def start_services(folder: Path) -> Iterator[embedded.Addresses]:
    """Run both servers of `folder` while the block lasts and give their addresses.

    For a session fixture: `with start_services(tmp_path_factory.mktemp("services")) as addresses:`
    """
    with running_services(folder):
        yield embedded.addresses(folder)


ADMIN: Principal = Principal.ADMIN


def broker(address: str, user: str = ADMIN) -> KafkaAccess:
    """Return how a test reaches a broker: as its administrator, or as one of our principals."""
    return access(Settings(kafka=address, kafka_user=user))


def sign_in_as_admin(secrets: Path) -> dict[str, str]:
    """Return the environment in which this process is the administrator of every broker started from now on."""
    add_password(secrets / ADMIN)
    return {"RECORDGATE_KAFKA_SECRETS": str(secrets), "RECORDGATE_KAFKA_USER": ADMIN}


def _share_admin(secrets: Path) -> None:
    shared = os.environ.get("RECORDGATE_KAFKA_SECRETS")
    if shared:
        shutil.copy(Path(shared) / ADMIN, secrets / ADMIN)
