"""Where the embedded services of a data folder are, and the databases they hold."""

from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from recordgate_runtime.embedded import kafka, postgres

DATABASES = ("ledger", "view", "review")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the four backing services; the DSNs carry a password, so no repr."""

    kafka: str
    ledger_dsn: str = field(repr=False)
    view_dsn: str = field(repr=False)
    review_dsn: str = field(repr=False)


def settle_addresses(folder: Path) -> Addresses:
    """Choose where the services of `folder` will listen, as last time if possible.

    For whoever starts them: call it before, not while, they run.
    """
    kafka.settle_address(folder)
    postgres.settle_address(folder)
    return addresses(folder)


def addresses(folder: Path) -> Addresses:
    """Return where the services of `folder` listen, running or not."""
    ledger, view, review = (postgres.dsn(folder, name) for name in DATABASES)
    return Addresses(kafka.address(folder), ledger, view, review)


def create_databases(folder: Path) -> None:
    """Create the databases that are missing; PostgreSQL must be up."""
    with psycopg.connect(postgres.dsn(folder, "postgres"), autocommit=True) as connection:
        found = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
