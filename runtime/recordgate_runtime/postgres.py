"""PostgreSQL connections: one database, one role, explicit limits.

Every process connects with its database's address and acts as its own role, so that it can do what it must and no more.
"""

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from recordgate_schemas.errors import RetryableError, UsageError

DatabaseError = psycopg.Error
"""Whatever the database refuses."""

DatabaseAway = psycopg.OperationalError
"""The database does not answer, is too busy, or has dropped the connection."""

Connection = psycopg.Connection[tuple[object, ...]]


def is_address(dsn: str) -> bool:
    """Whether a DSN can be read. SAFETY: the parser's own words would quote it, and with it a password."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return False
    return True


def connect(dsn: str, role: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Open a connection acting as `role`; raise RetryableError when the server is not there.

    Times are UTC. A statement may take 60 s, a lock 10 s, an idle transaction 30 s: what hangs ends, and the process
    that waited is restarted.
    """
    try:
        connection = psycopg.connect(
            dsn,
            autocommit=True,
            connect_timeout=5,
            application_name=f"recordgate {role}",
            options="-c statement_timeout=60000 -c lock_timeout=10000 -c TimeZone=UTC"
            " -c idle_in_transaction_session_timeout=30000 -c plan_cache_mode=force_custom_plan",
        )
    except psycopg.OperationalError as error:
        raise RetryableError(
            f"PostgreSQL is not reachable as {role}; does it run at the configured DSN, and let us in?"
        ) from error
    except psycopg.ProgrammingError:
        raise UsageError("a DSN is no PostgreSQL address; see docs/reference/settings.md") from None
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    connection.autocommit = autocommit
    return connection
