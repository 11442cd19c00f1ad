"""Who may connect to a PostgreSQL database: its owner says it, once for everybody and once for each role.

SAFETY: PostgreSQL lets every login connect to a new database, and a copy of a database has none of the rights that were
given on it.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql


def close_to_public(owner: psycopg.Connection) -> None:
    """Let nobody connect to the owner's database who was not let in by name."""
    statement = sql.SQL("revoke all on database {} from public")
    owner.execute(statement.format(sql.Identifier(owner.info.dbname)))


def open_to(owner: psycopg.Connection, roles: Sequence[str]) -> None:
    """Let these roles connect to the owner's database, as far as they exist."""
    exist = "select rolname from pg_roles where rolname = any(%s)"
    statement = sql.SQL("grant connect on database {} to {}")
    for (name,) in owner.execute(exist, [list(roles)]).fetchall():
        owner.execute(statement.format(sql.Identifier(owner.info.dbname), sql.Identifier(name)))
