"""Kafka and PostgreSQL without installing them: for tests, the demo and a single machine.

Not for production: one broker without replicas, and connections without TLS. Both listen on loopback only and ask
everybody for a password (docs/access.md); other users of the machine cannot read the data folder, where these lie.
"""

import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg import sql

from recordgate_deploy import kafka_logins
from recordgate_deploy.connect_rights import close_to_public
from recordgate_deploy.embedded import kafka, postgres
from recordgate_deploy.logins import give_logins
from recordgate_deploy.processes import ProcessCommand
from recordgate_runtime.postgres import connect_as_owner

DATABASES = ("ledger", "view", "review")
BROUGHT = ("postgres", "template1")
"""The databases that every server brings and that let anybody connect."""

_STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the servers. They hold no secret; they name the files that do."""

    kafka: str
    kafka_secrets: str
    ledger_dsn: str
    view_dsn: str
    review_dsn: str


def addresses(folder: Path) -> Addresses:
    """Return where the servers of `folder` listen, running or not."""
    ledger, view, review = (postgres.dsn(folder, name) for name in DATABASES)
    return Addresses(kafka.address(folder), str(kafka.secrets_folder(folder)), ledger, view, review)


def prepare(folder: Path) -> tuple[ProcessCommand, ...]:
    """Fetch and make what the servers need, settle their addresses, and return their commands.

    The addresses stay the same from one start to the next, unless somebody else has taken a port.
    """
    for server in (kafka, postgres):
        server.prepare(folder)  # refuses when one is running, whose address must not change
        server.settle_address(folder)
    argv = (sys.executable, "-m", __name__)
    return (
        ProcessCommand(
            name="postgres",
            argv=(*argv, "postgres", str(folder)),
            stop_signal=signal.SIGINT,  # ends sessions; SIGTERM would wait until every client leaves
            stop_s=_STOP_S,
            ready=partial(postgres.answers, folder),
        ),
        ProcessCommand(
            name="kafka",
            argv=(*argv, "kafka", str(folder)),
            stop_s=_STOP_S,
            ready=partial(kafka.answers, folder),
        ),
    )


def create_logins(folder: Path) -> None:
    """Create the databases that are missing, and let roles and principals log in; the servers must be up."""
    _create_databases(folder)
    for name in BROUGHT:
        with connect_as_owner(postgres.dsn(folder, name)) as owner:
            close_to_public(owner)
    for name in DATABASES:
        give_logins(postgres.dsn(folder, name), name)
    kafka_logins.give_logins(kafka.as_admin(folder))


def _create_databases(folder: Path) -> None:
    with connect_as_owner(postgres.dsn(folder, "postgres"), autocommit=True) as connection:
        found = {name for (name,) in connection.execute("select datname from pg_database")}
        for name in DATABASES:
            if name not in found:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
