"""Gives PostgreSQL's roles their logins. The passwords lie in one place, a passfile of libpq.

A server is given verifiers, which are worked out here: no password is sent, and none can be in a server's log.
"""

import re
import secrets
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from recordgate_deploy.connect_rights import close_to_public, open_to
from recordgate_deploy.files import private_folder, write_atomically
from recordgate_runtime.postgres import connect_as_owner
from recordgate_runtime.private_files import refuse_readable
from recordgate_runtime.roles import ROLES, roles_of
from recordgate_schemas.errors import UsageError

_FIELDS = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")
_USER, _PASSWORD, _COUNT = 3, 4, 5
_LOCK = 7_202_611_23
"""Any constant: two that change a role at once would be refused."""


def add_passwords(passfile: Path) -> None:
    """Write a new password into the passfile for each role that has none; a missing file is made."""
    known = read_passwords(passfile) if passfile.exists() else {}
    new = [role.name for role in ROLES if role.name not in known]
    if new:
        text = passfile.read_text("utf-8") if known else ""
        lines = [f"*:*:*:{name}:{secrets.token_urlsafe(32)}\n" for name in new]
        write_atomically(private_folder(passfile.parent) / passfile.name, text + "".join(lines))


def read_passwords(passfile: Path) -> dict[str, str]:
    """Return the passwords of a passfile by user; of several for one user the first counts, as for libpq."""
    refuse_readable(passfile, "the passfile")
    found: dict[str, str] = {}
    for line in passfile.read_text("utf-8").splitlines():
        fields = [re.sub(r"\\(.)", r"\1", one) for one in _FIELDS.findall(line)[:_COUNT]]
        if len(fields) == _COUNT and not line.startswith("#"):
            found.setdefault(fields[_USER], fields[_PASSWORD])
    return found


def give_logins(dsn: str, database: str) -> tuple[str, ...]:
    """Let each role of `database`, and nobody else, log in with its password of the passfile; return their names."""
    known = read_passwords(passfile_of(dsn))
    roles = [role.name for role in roles_of(database)]
    given = tuple(name for name in roles if name in known)
    with connect_as_owner(dsn) as owner:
        owner.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        for name in given:
            _give_login(owner, name, known[name])
        close_to_public(owner)
        open_to(owner, roles)
    return given


def passfile_of(dsn: str) -> Path:
    """Return the passfile that a DSN names; raise UsageError when it names none."""
    passfile = conninfo_to_dict(dsn).get("passfile")
    if not passfile:
        raise UsageError("the DSN names no passfile; see docs/access.md")
    return Path(str(passfile))


def _give_login(owner: psycopg.Connection, name: str, password: str) -> None:
    role = sql.Identifier(name)
    if owner.execute("select from pg_roles where rolname = %s", (name,)).fetchone() is None:
        owner.execute(sql.SQL("create role {}").format(role))
    verifier = owner.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    login = sql.SQL("alter role {} with login password {}")
    owner.execute(login.format(role, sql.Literal(verifier.decode())))
