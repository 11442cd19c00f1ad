"""On a ledger of 50,000 entries no statement of the lanes reads a large table from end to end."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from recordgate_streams.ledger.cascade import SQL as CASCADE
from recordgate_streams.ledger.records import SQL
from tests.support.ledger import Ledger

PATIENTS, EACH = 2_000, 25
LARGE = (
    "patient",
    "entry",
    "entry_mark",
    "snapshot",
    "former_decision",
    "proxy_decision",
    "pointer",
    "root",
    "reached",
    "current_task",
)

FILL = f"""
insert into patient (nhs_number, partition, due_at)
  select p, p % 4, now() + interval '1 day' * (p % 900 - 1) from generate_series(1, {PATIENTS}) p;
insert into entry
  select p, 1, p * {EACH} + n, now(), now(), 0, p % 4, 0, 0, false, false, false, 'e' || n, 'RELEASED', '\\x00',
    decode(repeat('00', 250), 'hex'), decode(repeat('00', 900), 'hex')
  from generate_series(1, {EACH}) n, generate_series(1, {PATIENTS}) p;
insert into entry_mark select nhs_number, entry_id, '{{}}' from entry;
insert into snapshot select nhs_number, 'Y' || n, 'test', now(), array['e1']
  from patient, generate_series(90001, 90000 + {EACH}) n;
insert into proxy_decision
  select nhs_number, 1, now(), 0, 0, 0, entry_id, 'proxy:g', 'RELEASED', '\\x00' from entry;
insert into pointer select nhs_number, 'e' || (n % 25 + 1), entry_id from entry, generate_series(1, 2) n;
insert into root select nhs_number, 'self', entry_id, 'SOURCE_NOPAT', 'WITHHELD', '{{}}' from entry;
insert into reached select nhs_number, 'self', entry_id, '{{}}' from entry;
insert into current_task select nhs_number, 'OPINION_STALE', 'self', entry_id from entry;
insert into former_decision (nhs_number, entry_id, audience, version, digest, outcome, decided_in, decided_under,
    decided_at)
  select nhs_number, entry_id, 'self', 1, '\\x00', 'RELEASED', 0, 0, now() from entry;
insert into redecision (nhs_number, partition, through, published_at)
  select nhs_number, partition, 1, now() from patient where partition = 0;
analyze
"""

NUMBERS = list(range(4, 4 * 201, 4))
NAMED: dict[str, list[Any]] = {
    "nhs_numbers": [number for number in NUMBERS[:20] for _ in range(5)],
    "entry_ids": ["e1", "e2", "e3", "e4", "e5"] * 20,
}
COLUMNS = {
    "practices": ["Y90001"] * len(NAMED["nhs_numbers"]),
    "systems": ["test"] * len(NAMED["nhs_numbers"]),
}
HOT: dict[str, dict[str, Any]] = {
    "lock_patients": {"nhs_numbers": NUMBERS},
    "load_entries": NAMED,
    "snapshots": {"nhs_numbers": NUMBERS},
    "gone_at_source": NAMED | COLUMNS,
    "load_statements": NAMED,
    "statements_of_patients": {"nhs_numbers": NUMBERS},
    "load_decisions": NAMED,
    "load_tasks": {"nhs_numbers": NUMBERS},
    "claim_due": {"partitions": [0], "now": "2000-01-01T00:00:00Z", "limit": 500},
    "load_bodies": NAMED,
    "next_redecisions": {"partitions": [0], "patients": 200, "without": []},
    "read_redecisions": {"nhs_numbers": NUMBERS},
    "page_entries": {"nhs_numbers": NUMBERS, "limit": 500, "most_bytes": 8_000_000},
    "history": {"nhs_number": NUMBERS[0], "entry_id": "e1"},
    "entries_of": {"nhs_numbers": NUMBERS[:1], "most": 500},
    "size_of": NAMED,
    "source": {"nhs_number": NUMBERS[0], "entry_id": "e1"},
}
HOT_CASCADE: dict[str, dict[str, Any]] = {
    "load_relatives": {"nhs_numbers": NUMBERS[:1]},
    "load_suppressed": {"nhs_numbers": NUMBERS},
    "load_affected": {"nhs_numbers": NUMBERS},
    "referring_to": NAMED,
    "forget_references": NAMED,
    "load_released": NAMED,
    "undecided": {"nhs_numbers": NUMBERS[:1], "audiences": ["proxy:g1"], "most": 500},
}


@pytest.fixture(scope="module")
def filled(ledger_dsn: str) -> Iterator[psycopg.Connection]:
    ledger = Ledger(ledger_dsn)
    ledger.owner.execute(FILL)
    yield ledger.owner
    ledger.close()
    Ledger(ledger_dsn).close()  # empties it again


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_scans_no_large_table(filled: psycopg.Connection, name: str) -> None:
    assert _scanned(filled, SQL[name], HOT[name]) == set()


@pytest.mark.parametrize("name", HOT_CASCADE)
def test_a_statement_about_relatives_scans_no_large_table(
    filled: psycopg.Connection, name: str
) -> None:
    assert _scanned(filled, CASCADE[name], HOT_CASCADE[name]) == set()


def test_a_page_reads_no_more_entries_than_it_has(filled: psycopg.Connection) -> None:
    explain = f"explain (analyze, format json) {SQL['page_entries']}".encode()
    row = filled.execute(explain, HOT["page_entries"]).fetchone()
    assert row is not None
    assert 0 < _read(row[0][0]["Plan"], "entry") <= 500 + EACH


def test_the_check_sees_a_scan(filled: psycopg.Connection) -> None:
    statement = (
        "select from entry join redecision r using (nhs_number) where r.partition = %(partition)s"
    )
    assert _scanned(filled, statement, {"partition": 0}) == {"entry"}


def _scanned(database: psycopg.Connection, statement: str, values: dict[str, Any]) -> set[str]:
    plan = "\n".join(row[0] for row in database.execute(f"explain {statement}".encode(), values))
    return set(re.findall(r"Seq Scan on (\w+)", plan)) & set(LARGE)


def _read(plan: dict[str, Any], table: str) -> int:
    """Return how many rows of a table a plan has read."""
    own = plan["Actual Rows"] * plan["Actual Loops"] if plan.get("Relation Name") == table else 0
    return round(own) + sum(_read(part, table) for part in plan.get("Plans", ()))
