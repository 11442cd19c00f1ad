"""The history of decisions grows when a decision changes, by a trigger of the database that nobody can go round."""

from collections.abc import Iterator

import psycopg
import pytest

from recordgate_runtime.postgres import connect
from recordgate_schemas.control import AccessDeclined
from recordgate_schemas.values import EntryId
from tests.support.builders import RULESET, access, entry, granted, registered
from tests.support.ledger import Ledger

HISTORY = (
    "select audience, version, outcome, reasons, ruleset from decision"
    " order by audience desc, decided_at, decision_id"
)


@pytest.fixture
def decided(ledger: Ledger) -> Ledger:
    """One entry, released to its patient and to a proxy."""
    ledger.say(registered(), access(), granted())
    ledger.publish(entry())
    return ledger


@pytest.fixture
def decider(decided: Ledger) -> Iterator[psycopg.Connection]:
    with connect(decided.dsn, "decider", autocommit=True) as connection:
        yield connection


def former(ledger: Ledger) -> list[tuple[str, int, str]]:
    return ledger.owner.execute(
        "select audience, version, outcome from former_decision order by decision_id"
    ).fetchall()


def test_the_first_decision_is_in_the_entrys_own_row_and_the_history_says_so(
    decided: Ledger,
) -> None:
    assert former(decided) == []
    rows = decided.owner.execute(HISTORY).fetchall()
    assert [row[:3] for row in rows] == [("self", 1, "RELEASED"), ("proxy:grant-1", 1, "RELEASED")]
    assert decided.owner.execute("select reasons from entry").fetchall() == [(None,)]


def test_a_decision_that_another_replaces_stays_with_the_version_that_it_was_about(
    decided: Ledger,
) -> None:
    decided.say(AccessDeclined())
    decided.publish(entry(version=2))
    decided.publish(entry(version=3))
    own = [row for row in former(decided) if row[0] == "self"]
    assert own == [
        ("self", 1, "RELEASED"),
        ("self", 1, "NOT_ELIGIBLE"),
        ("self", 2, "NOT_ELIGIBLE"),
    ]
    rows = decided.owner.execute(HISTORY).fetchall()
    assert [row[1:3] for row in rows if row[0] == "self"][-1] == (3, "NOT_ELIGIBLE")
    assert {row[4] for row in rows} == {RULESET.hash}


def test_what_is_decided_the_same_again_leaves_nothing(decided: Ledger) -> None:
    decided.say(access(), registered())
    decided.publish(entry())
    assert former(decided) == []


@pytest.mark.parametrize("table", ["entry", "proxy_decision"])
def test_whoever_changes_a_decision_past_the_program_leaves_what_it_was(
    decided: Ledger, decider: psycopg.Connection, table: str
) -> None:
    decider.execute(f"update {table} set outcome = 'HELD'".encode())
    audience = "self" if table == "entry" else "proxy:grant-1"
    assert former(decided) == [(audience, 1, "RELEASED")]


@pytest.mark.parametrize(
    "forbidden",
    [
        "insert into former_decision (nhs_number) values (9990000018)",
        "update former_decision set outcome = 'HELD'",
        "delete from former_decision",
        "truncate former_decision",
        "delete from entry",
        "truncate entry",
        "delete from proxy_decision",
        "alter table entry disable trigger entry_keeps_former_decision",
        "drop trigger entry_keeps_former_decision on entry",
        "set session_replication_role = replica",
        "create or replace function keep_former_decision() returns trigger language sql as 'select 1'",
    ],
)
def test_the_decider_cannot_write_the_history_nor_change_a_decision_without_it(
    decider: psycopg.Connection, forbidden: str
) -> None:
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidFunctionDefinition)
    ):
        decider.execute(forbidden.encode())


def test_a_batch_of_new_and_known_entries_is_stored_with_its_decisions(decided: Ledger) -> None:
    new = [entry(entry_id=EntryId(f"new-{n}")) for n in range(3)]
    decided.publish(*new, entry(version=2), *new)
    assert decided.view() == {entry().entry_id: 2, **{one.entry_id: 1 for one in new}}
    rows = decided.owner.execute("select entry_id, version, outcome from entry").fetchall()
    assert {(e, v): o for e, v, o in rows} == {
        (entry().entry_id, 2): "RELEASED",
        **{(one.entry_id, 1): "RELEASED" for one in new},
    }
    assert decided.account().unaccounted == 0
