"""Who may do what in the two databases, asked of the databases themselves."""

import psycopg
import pytest
from psycopg import sql

from recordgate_deploy.embedded import Addresses
from recordgate_runtime.postgres import connect
from tests.support.consumers import granted, patient, registered, release
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)
TABLES = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
"""


def tables(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute(TABLES)]


def test_the_reader_may_select_no_table(view: ViewDatabase) -> None:
    for table in tables(view.owner):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            view.reader.execute(sql.SQL("select from {}").format(sql.Identifier(table)))


def test_the_reader_sees_one_patient_only(view: ViewDatabase) -> None:
    view.open_for(ALICE)
    view.publish(release(1, ALICE, body=b"alice"))
    view.control(registered(), BOB)
    view.publish(release(2, BOB, under=1, body=b"bob"))
    assert view.bodies(ALICE) == [b"alice"]
    assert view.bodies(BOB) == [b"bob"]
    with view.reader.transaction():
        view.reader.execute("select set_config('recordgate.nhs_number', %s, true)", (ALICE.digits,))
        view.reader.execute("select set_config('recordgate.audience', 'self', true)")
        rows = view.reader.execute("select body from visible_entry").fetchall()
    assert rows == [(b"alice",)]


@pytest.mark.parametrize(
    "named",
    [{}, {"recordgate.nhs_number": ALICE.digits}, {"recordgate.audience": "self"}],
    ids=["nothing", "patient only", "audience only"],
)
def test_without_both_settings_the_reader_sees_nothing(
    view: ViewDatabase, named: dict[str, str]
) -> None:
    view.open_for(ALICE)
    view.publish(release(1, ALICE))
    assert view.bodies(ALICE)  # and what was named for that transaction is forgotten after it
    with view.reader.transaction():
        for name, value in named.items():
            view.reader.execute("select set_config(%s, %s, true)", (name, value))
        assert view.reader.execute("select public_id from visible_entry").fetchall() == []


def test_the_tables_owner_sees_no_more_than_the_reader(view: ViewDatabase) -> None:
    view.open_for(ALICE)
    view.publish(release(1, ALICE))
    with psycopg.connect(view.dsn, autocommit=True) as owner:
        owner.execute("set role view_owner")
        for table in ("released_entry", "audience_gate", "gate_closure", "entry_gate"):
            query = sql.SQL("select from {}").format(sql.Identifier(table))
            assert owner.execute(query).fetchall() == []


def test_the_predicate_itself_sees_the_gate_of_one_audience_only(view: ViewDatabase) -> None:
    view.open_for(ALICE)
    for grant in ("g1", "g2"):
        view.control(granted(grant), ALICE)
    with psycopg.connect(view.dsn, autocommit=True) as owner, owner.transaction():
        owner.execute("set local role view_owner")
        owner.execute("select set_config('recordgate.nhs_number', %s, true)", (ALICE.digits,))
        owner.execute("select set_config('recordgate.audience', 'proxy:g1', true)")
        seen = owner.execute("select audience from audience_gate order by audience").fetchall()
    assert seen == [("*",), ("proxy:g1",)]


def test_the_view_tells_no_internal_ids(view: ViewDatabase) -> None:
    columns = {c.name for c in view.reader.execute("select * from visible_entry").description or ()}
    assert columns == {
        "public_id",
        "kind",
        "event_date",
        "recorded_at",
        "redacted",
        "body",
        "body_type",
        "version",
    }


@pytest.mark.parametrize("database", ["view_dsn", "review_dsn"])
def test_every_table_with_a_patient_forces_row_level_security(
    addresses: Addresses, database: str
) -> None:
    with psycopg.connect(getattr(addresses, database)) as connection:
        open_tables = connection.execute(
            """
            select relname from pg_class
            join pg_attribute on attrelid = pg_class.oid and attname = 'nhs_number'
            where relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
            """
        ).fetchall()
        secured = connection.execute(
            "select count(*) from pg_class where relforcerowsecurity"
        ).fetchone()
    assert open_tables == []
    assert secured is not None
    assert secured[0] >= 2


def test_an_owner_of_tables_neither_logs_in_nor_passes_by_a_policy(addresses: Addresses) -> None:
    with psycopg.connect(addresses.view_dsn) as connection:
        found = connection.execute(
            "select rolname, rolcanlogin or rolbypassrls or rolsuper from pg_roles"
            " where rolname in ('view_owner', 'review_owner') order by 1"
        ).fetchall()
    assert found == [("review_owner", False), ("view_owner", False)]


def test_the_public_may_nothing(addresses: Addresses) -> None:
    for dsn in (addresses.view_dsn, addresses.review_dsn):
        with psycopg.connect(dsn) as connection:
            row = connection.execute(
                "select has_schema_privilege('public', 'public', 'usage')"
            ).fetchone()
            assert row == (False,)


FORBIDDEN = [
    ("view_sink", "update audience_gate set closed = false"),
    ("view_sink", "update audience_gate set fence = -1"),
    ("view_sink", "select fence from audience_gate"),
    (
        "view_sink",
        "insert into audience_gate (nhs_number, audience, closed) values ('1', '*', false)",
    ),
    ("view_sink", "select from gate_closure"),
    ("view_sink", "update entry_gate set fence = -1"),
    ("view_sink", "delete from released_entry"),
    ("gate_writer", "select from released_entry"),
    ("gate_writer", "select from visible_entry"),
    ("gate_writer", "delete from entry_gate"),
    ("gate_writer", "delete from gate_closure"),
    ("view_reader", "insert into released_entry default values"),
]


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_a_role_may_only_do_its_work(view: ViewDatabase, role: str, statement: str) -> None:
    with connect(view.dsn, role, autocommit=True) as connection:  # noqa: SIM117
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("review_app", "update hold set body = null"),
        ("review_app", "update work_item set practice = 'B81001'"),
        ("review_app", "update work_item set due_at = now()"),
        ("review_app", "delete from work_item"),
        ("review_app", "update review_event set reviewer = 'somebody'"),
        ("review_app", "delete from review_event"),
        ("review_app", "select control from outbox"),
        ("review_app", "update outbox set sent_at = now()"),
        ("review_sink", "update review_event set reviewer = 'somebody'"),
        ("review_sink", "delete from work_item"),
        ("review_app", "insert into hold default values"),
        ("review_app", "delete from outbox"),
        ("review_sink", "insert into outbox default values"),
        ("review_sink", "delete from hold"),
        ("review_sink", "delete from task"),
        ("review_app", "update task set closed_at = now()"),
        ("review_app", "insert into task default values"),
    ],
)
def test_a_review_role_may_only_do_its_work(
    addresses: Addresses, role: str, statement: str
) -> None:
    with connect(addresses.review_dsn, role, autocommit=True) as connection:  # noqa: SIM117
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
