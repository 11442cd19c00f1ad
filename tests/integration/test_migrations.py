"""Migrations build the documented databases, twice as well as once, and keep the rows they find."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from docs.schema import DATABASES, FOLDER, drop, fresh, schema, wanted
from recordgate_deploy.embedded import Addresses
from recordgate_runtime.migrate import migrate
from recordgate_schemas.errors import FatalError

ROWS = {
    # the migration after which the rows are there, and the rows; every later migration has to keep them
    "ledger": {
        "0001_pre_ledger.sql": [
            "insert into patient (nhs_number, partition) values ('9990000018', 0)",
            "insert into source_position values ('entries', 0, 't', 1)",
            (
                "insert into entry values (9990000018, 1, 0, now(), now(), 0, 0, 0, 0, false, false, false, 'e',"
                " 'RELEASED', '', '', '')"
            ),
            "insert into active_ruleset values (true, 0, 'rules-1', '{}', now())",
            "insert into rule_application (generation, partition) values (0, 0)",
            "insert into outgoing values ('released', 0, 7, 'entries', '9990000018', 'never confirmed')",
        ],
        "0002_pre_activation.sql": [
            "insert into rehearsal values ('r', '{}', '{}', now())",
            "insert into activation values (1, 'r', 'rules-1', 'rules-2', '{}', '[]', now())",
        ],
    },
    "view": {
        "0002_pre_tables.sql": [
            "insert into audience_gate (nhs_number, audience) values ('9990000018', '*')",
            (
                "insert into released_entry (nhs_number, audience, entry_id, sequence, decided_under,"
                " released_at) values ('9990000018', 'self', 'e', 0, 0, now())"
            ),
            "insert into entry_gate values ('9990000018', 'e', 3)",
        ],
    },
    "review": {
        "0002_pre_tables.sql": [
            (
                "insert into hold (nhs_number, audience, entry_id, sequence, state, updated_at,"
                " closed_because) values ('9990000018', 'self', 'e', 0, 'closed', now(), 'released')"
            ),
            "insert into outbox (control_id, control, created_at) values ('c', '', now())",
            (
                "insert into hold (nhs_number, audience, entry_id, sequence, state, queue, version, practice, kind,"
                " reasons, hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, opened_at,"
                " due_at, updated_at) values ('9990000018', 'self', 'f', 0, 'decided', 'practice', 1, 'A82038', 'k',"
                " '{}', false, false, 0, 'r', '', 'b', '', now(), now(), now())"
            ),
            (
                "insert into task (nhs_number, reason, audience, entry_id, sequence, practice, kind, opened_at)"
                " values ('9990000018', 'R', 'self', '', 0, 'A82038', 'review', now())"
            ),
        ],
    },
}

MOVED = {("0007_pre_outbox.sql", "outgoing"): "outbox"}
"""Where a migration moves the rows of a table that it drops."""


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, services: Addresses) -> Iterator[tuple[str, str]]:
    """Each database in turn, empty: its name and DSN."""
    name = str(request.param)
    yield name, fresh(services.ledger_dsn, f"{name}_migrated")
    drop(services.ledger_dsn, f"{name}_migrated")


def test_a_fresh_database_is_the_documented_one(empty: tuple[str, str]) -> None:
    name, dsn = empty
    migrate(dsn, wanted(name))
    documented = (FOLDER / f"schema-{name}.sql").read_text("utf-8")
    assert schema(name, dsn) == documented, "run make schema"


def test_migrating_twice_changes_nothing(empty: tuple[str, str]) -> None:
    name, dsn = empty
    assert migrate(dsn, wanted(name)) == tuple(one.name for one in wanted(name))
    before = schema(name, dsn)
    assert migrate(dsn, wanted(name)) == ()
    assert schema(name, dsn) == before


def test_a_migration_that_changed_after_it_was_applied_is_refused(empty: tuple[str, str]) -> None:
    name, dsn = empty
    migrate(dsn, wanted(name))
    changed = replace(wanted(name)[0], text="select 1")
    with pytest.raises(FatalError, match="was applied and has changed since"):
        migrate(dsn, (changed, *wanted(name)[1:]))


REPLACED = {"released_sequence"}
"""Tables without rows of any patient in whose place a migration puts another."""


def test_a_migration_keeps_the_rows_it_finds(empty: tuple[str, str]) -> None:
    name, dsn = empty
    for n, migration in enumerate(wanted(name), 1):
        before = rows(dsn)
        assert migrate(dsn, wanted(name)[:n]) == (migration.name,)
        kept = {MOVED.get((migration.name, table), table): n for table, n in before.items()}
        kept = {table: count for table, count in kept.items() if table not in REPLACED}
        assert kept.items() <= rows(dsn).items()
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in ROWS[name].get(migration.name, ()):
                connection.execute(statement.encode())
    assert schema(name, dsn) == (FOLDER / f"schema-{name}.sql").read_text("utf-8")


def test_the_rows_belong_to_migrations_that_exist() -> None:
    for name, rows_after in ROWS.items():
        assert set(rows_after) <= {migration.name for migration in wanted(name)}


def rows(dsn: str) -> dict[str, int]:
    """How many rows each table has, the record of migrations left out."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        names = connection.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'migration'"
        )
        counts = [(name, f"select count(*) from {name}".encode()) for (name,) in names]
        return {
            name: found[0]
            for name, count in counts
            if (found := connection.execute(count).fetchone())
        }


def test_the_read_predicate_is_said_once() -> None:
    """A former version of it in an earlier migration would be tested, tuned and mutated in vain."""
    saying = [one.name for one in wanted("view") if "view visible_entry" in one.text]
    assert len(saying) == 1
