"""Writes docs/reference/access.md with `make schema`: who logs in to which database, and what the database grants it.

A test in tests/integration compares the page with freshly migrated databases.
"""
# ruff: noqa: INP001  a script beside the page it writes

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import psycopg

from recordgate_runtime.roles import Role, roles_of

PAGE = Path(__file__).parent / "reference" / "access.md"
HEAD = """# Rights in PostgreSQL

Made from freshly migrated databases by `make schema`; do not edit.

Each role is a login of its own. No role is a member of another, so a session keeps the role it logged in with. Columns
stand in brackets where only these are granted. [How logins are made](../access.md).
"""

_GRANTS = """
select relname, lower(privilege_type), '' from pg_class, aclexplode(relacl)
where relnamespace = 'public'::regnamespace and grantee = %(role)s::regrole
union all
select relname, lower(privilege_type), string_agg(attname, ', ' order by attnum)
from pg_class join pg_attribute on attrelid = pg_class.oid, aclexplode(attacl)
where relnamespace = 'public'::regnamespace and grantee = %(role)s::regrole group by 1, 2
union all
select proname || '()', lower(privilege_type), '' from pg_proc, aclexplode(proacl)
where pronamespace = 'public'::regnamespace and grantee = %(role)s::regrole
order by 1, 2
"""


def page(dsns: dict[str, str]) -> str:
    """Return the page; `dsns` are migrated databases by name."""
    return "\n".join([HEAD, *(section(name, dsn) for name, dsn in dsns.items())])


def section(name: str, dsn: str) -> str:
    """Return what each role may do in a database."""
    with psycopg.connect(dsn) as connection:
        return "".join([f"## {name}\n", *(_role(connection, role) for role in roles_of(name))])


def _role(connection: psycopg.Connection, role: Role) -> str:
    return "\n".join(_lines(role, connection.execute(_GRANTS, {"role": role.name}).fetchall()))


def _lines(role: Role, grants: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f"\n### `{role.name}`\n\nFor {role.used_by}.\n"
    for thing, rights in groupby(grants, key=lambda grant: grant[0]):
        words = (f"{right} ({columns})" if columns else right for _, right, columns in rights)
        yield f"- `{thing}`: {', '.join(words)}"
    yield ""
