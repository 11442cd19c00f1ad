"""Brings a database to its newest shape: ordered SQL files, each in one transaction, under one lock.

A file that was applied and has changed since is an error: history is not rewritten, a new file is added.
"""

import hashlib
from dataclasses import dataclass
from importlib import resources

import psycopg

from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.postgres import connect_as_owner
from recordgate_schemas.errors import FatalError

_LOCK = 7_202_611_22  # any constant: two migrations of one database must not run at once


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file, its name and the hash of its text."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the text: differs when the file was changed after it was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(package: str, folder: str) -> tuple[Migration, ...]:
    """Return the migrations shipped in a package's folder, in order of their names."""
    root = resources.files(package) / folder
    files = sorted((f for f in root.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(f.name, f.read_text("utf-8")) for f in files)


def migrate(dsn: str, wanted: tuple[Migration, ...]) -> tuple[str, ...]:
    """Apply what is missing and return its names. The DSN's user must be allowed to create roles and tables."""
    with connect_as_owner(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        return _apply_missing(connection, wanted)


def _apply_missing(
    connection: psycopg.Connection, wanted: tuple[Migration, ...]
) -> tuple[str, ...]:
    connection.execute(
        "create table if not exists migration"
        " (name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
    )
    applied: dict[str, str] = dict(
        connection.execute("select name, sha256 from migration").fetchall()
    )
    for migration in wanted:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise FatalError(
                f"migration {migration.name} was applied and has changed since; add a new file"
            )
    missing = [migration for migration in wanted if migration.name not in applied]
    for migration in missing:
        with connection.transaction():
            connection.execute(migration.text.encode())
            connection.execute(
                "insert into migration (name, sha256) values (%s, %s)",
                (migration.name, migration.sha256),
            )
        log(LogCode.MIGRATED, migration=migration.name)
    return tuple(migration.name for migration in missing)
