"""PostgreSQL connections: one database, one login, explicit limits.

A DSN says where a database is. Who connects, the program says: every process has a login of its own, which can do what
it must and no more. Its password lies in a passfile of libpq, which the DSN names (docs/access.md).
"""

from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from recordgate_runtime.private_files import refuse_readable
from recordgate_schemas.errors import RetryableError, UsageError

DatabaseError = psycopg.Error
"""Whatever the database refuses."""

DatabaseAway = psycopg.OperationalError
"""The database does not answer, is too busy, or has dropped the connection."""

Connection = psycopg.Connection[tuple[object, ...]]

_CONNECT_S = 5
_LIMITS = (
    "-c statement_timeout=60000 -c lock_timeout=10000 -c TimeZone=UTC"
    " -c idle_in_transaction_session_timeout=30000 -c plan_cache_mode=force_custom_plan"
)


def is_address(dsn: str) -> bool:
    """Whether a DSN can be read. SAFETY: the parser's own words would quote it, and with it a password."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return False
    return True


def connect(dsn: str, role: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Log in as `role`; raise RetryableError when the server is not there or does not let it in.

    Times are UTC. A statement may take 60 s, a lock 10 s, an idle transaction 30 s: what hangs ends, and the process
    that waited is restarted.
    """
    return _connect(
        address(dsn, user=role, application_name=f"recordgate {role}", options=_LIMITS), autocommit
    )


def connect_as_owner(dsn: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Log in as the user the DSN names, who owns the database; raise RetryableError when that fails. No time limits."""
    return _connect(address(dsn), autocommit)


def address(dsn: str, **values: str) -> str:
    """Return the DSN with other values; raise UsageError when others may read its password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise UsageError("a DSN is no PostgreSQL address; see docs/reference/settings.md") from None
    if parts.get("password"):
        raise UsageError("a DSN holds a password; put it into a passfile, as docs/access.md says")
    if passfile := parts.get("passfile"):
        refuse_readable(Path(str(passfile)), "the DSN's passfile")
    return make_conninfo(dsn, **values)


def _connect(conninfo: str, autocommit: bool) -> psycopg.Connection:  # noqa: FBT001
    try:
        return psycopg.connect(conninfo, autocommit=autocommit, connect_timeout=_CONNECT_S)
    except psycopg.OperationalError as error:
        # SAFETY: `from None`, and none of libpq's words: they may quote the address
        raise RetryableError(_why(error, conninfo)) from None


def _why(error: psycopg.OperationalError, conninfo: str) -> str:
    login = conninfo_to_dict(conninfo).get("user", "")
    asked = error.pgconn is not None and (error.pgconn.needs_password or error.pgconn.used_password)
    if not asked:
        return f"PostgreSQL is not reachable for {login}; is it running at the configured DSN?"
    return (
        f"PostgreSQL does not let {login} in; see that the passfile has its password, that `recordgate logins`"
        " was run and that connections are left"
    )
