"""One login for each role: what a session may become, who may connect where, what a metrics reader may see."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from docs import rights
from docs.schema import DATABASES, drop, fresh, wanted
from recordgate_deploy.embedded import Addresses
from recordgate_deploy.logins import add_passwords, give_logins, read_passwords
from recordgate_runtime.migrate import migrate
from recordgate_runtime.postgres import connect, connect_as_owner
from recordgate_runtime.roles import ROLES, roles_of
from recordgate_schemas.errors import RetryableError, UsageError

WITHIN = [(role.name, database) for role in ROLES for database in role.databases]
OUTSIDE = [
    (role.name, database)
    for role in ROLES
    for database in DATABASES
    if database not in role.databases
]
PRIVATE = {"nhs_number", "body", "envelope", "value", "raw", "sealed_key", "sealed_value"}
PRIVATE |= {"control", "facts", "reasons", "entry_id", "key"}
"""Columns of which none holds a counter."""


@pytest.fixture(scope="module")
def dsns(services: Addresses) -> Iterator[dict[str, str]]:
    """The three databases, migrated, by name."""
    found = {name: fresh(services.ledger_dsn, f"{name}_logins") for name in DATABASES}
    for name, dsn in found.items():
        migrate(dsn, wanted(name))
    yield found
    for name in found:
        drop(services.ledger_dsn, f"{name}_logins")


@pytest.mark.parametrize(("role", "database"), WITHIN)
@pytest.mark.parametrize("statement", ["set role {}", "set session authorization {}"])
def test_a_session_becomes_no_other_role(
    dsns: dict[str, str], role: str, database: str, statement: str
) -> None:
    with connect(dsns[database], role, autocommit=True) as session:
        for other in (*(one.name for one in ROLES), "view_owner", "review_owner", "recordgate"):
            if other == role:
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(sql.SQL(statement).format(sql.Identifier(other)))
        session.execute("reset role")
        assert session.execute("select current_user, session_user").fetchone() == (role, role)


@pytest.mark.parametrize(("role", "database"), OUTSIDE)
def test_a_role_connects_to_its_own_databases_only(
    dsns: dict[str, str], role: str, database: str
) -> None:
    with pytest.raises(RetryableError, match=f"does not let {role} in"):
        connect(dsns[database], role)


def test_who_is_given_logins_connects_and_nobody_else(
    services: Addresses, dsns: dict[str, str]
) -> None:
    """As for a database that was restored by copying its rows: rights on the database itself are not copied."""
    dsn = fresh(services.ledger_dsn, "copied_logins")
    try:
        give_logins(dsn, "ledger")
        let_in = {role.name for role in ROLES if lets_in(dsn, role.name)}
        assert let_in == {role.name for role in roles_of("ledger")}
    finally:
        drop(services.ledger_dsn, "copied_logins")
    connect(dsns["ledger"], "decider").close()


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_the_databases_that_the_embedded_server_brings_are_closed(
    services: Addresses, database: str
) -> None:
    dsn = make_conninfo(services.ledger_dsn, dbname=database)
    for role in ROLES:
        assert not lets_in(dsn, role.name)
    connect_as_owner(dsn).close()


def lets_in(dsn: str, role: str) -> bool:
    try:
        connect(dsn, role).close()
    except RetryableError as refused:
        assert f"does not let {role} in" in str(refused)  # noqa: PT017  not for another reason
        return False
    return True


def test_the_roles_are_what_the_databases_know_and_hold_no_power(dsns: dict[str, str]) -> None:
    with psycopg.connect(dsns["ledger"]) as owner:
        found = owner.execute(
            "select rolname from pg_roles where rolcanlogin and not (rolsuper or rolcreaterole or rolcreatedb"
            " or rolbypassrls or rolreplication) order by 1"
        ).fetchall()
        members = owner.execute(
            "select roleid::regrole::text from pg_auth_members where not roleid::regrole::text like 'pg\\_%'"
        ).fetchall()
    assert [name for (name,) in found] == sorted(role.name for role in ROLES)
    assert {name for (name,) in members} <= {"view_owner", "review_owner"}


@pytest.mark.parametrize("database", DATABASES)
def test_who_counts_reads_no_patient_and_no_content(dsns: dict[str, str], database: str) -> None:
    columns = "select table_name, column_name from information_schema.columns where table_schema = 'public'"
    with psycopg.connect(dsns[database]) as owner:
        private = [(table, column) for table, column in owner.execute(columns) if column in PRIVATE]
    with connect(dsns[database], "metrics", autocommit=True) as metrics:
        for table, column in private:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                metrics.execute(
                    sql.SQL("select {} from {}").format(
                        sql.Identifier(column), sql.Identifier(table)
                    )
                )
    assert len(private) >= 2  # the test has something to refuse


@pytest.mark.parametrize("database", DATABASES)
def test_who_counts_changes_nothing(dsns: dict[str, str], database: str) -> None:
    with psycopg.connect(dsns[database]) as owner:
        found = owner.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and"
            " (has_any_column_privilege('metrics', oid, 'insert, update') or"
            " has_table_privilege('metrics', oid, 'delete, truncate'))"
        ).fetchall()
    assert found == []


def test_the_page_of_rights_is_what_the_databases_grant(dsns: dict[str, str]) -> None:
    assert rights.PAGE.read_text("utf-8") == rights.page(dsns), "run make schema"


def test_a_wrong_password_is_one_line_without_a_secret(
    dsns: dict[str, str], tmp_path: Path
) -> None:
    passfile = tmp_path / "passfile"
    add_passwords(passfile)
    secret = read_passwords(passfile)["view_reader"]
    with pytest.raises(RetryableError) as refused:
        connect(make_conninfo(dsns["view"], passfile=str(passfile)), "view_reader")
    assert "PostgreSQL does not let view_reader in" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert secret not in repr(refused.value)
    assert refused.value.__cause__ is None


def test_a_passfile_that_others_may_read_is_refused(dsns: dict[str, str], tmp_path: Path) -> None:
    passfile = tmp_path / "passfile"
    add_passwords(passfile)
    assert passfile.stat().st_mode & 0o777 == 0o600
    passfile.chmod(0o644)
    dsn = make_conninfo(dsns["view"], passfile=str(passfile))
    for use in (lambda: connect(dsn, "view_reader"), lambda: give_logins(dsn, "view")):
        with pytest.raises(UsageError, match="others may read it; chmod 600"):
            use()


def test_a_password_in_a_dsn_is_refused_and_not_repeated(dsns: dict[str, str]) -> None:
    dsn = make_conninfo(dsns["view"], password="a-secret")  # noqa: S106
    with pytest.raises(UsageError, match="put it into a passfile") as refused:
        connect(dsn, "view_reader")
    assert "a-secret" not in str(refused.value)


def test_new_passwords_are_given_and_the_old_ones_end(
    services: Addresses, dsns: dict[str, str], tmp_path: Path
) -> None:
    passfile = tmp_path / "passfile"
    old = psycopg.conninfo.conninfo_to_dict(services.ledger_dsn)["passfile"]
    owner = f"*:*:*:recordgate:{read_passwords(Path(str(old)))['recordgate']}\n"
    passfile.touch(mode=0o600)
    passfile.write_text(owner + "*:*:*:review_app:with\\:colon\\\\\n")
    add_passwords(passfile)
    dsn = make_conninfo(dsns["review"], passfile=str(passfile))
    assert read_passwords(passfile)["review_app"] == "with:colon\\"
    try:
        assert give_logins(dsn, "review") == tuple(role.name for role in roles_of("review"))
        connect(dsn, "review_app").close()
        with pytest.raises(RetryableError):
            connect(dsns["review"], "review_app")
    finally:
        give_logins(dsns["review"], "review")
    connect(dsns["review"], "review_app").close()
