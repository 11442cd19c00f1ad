"""The account is kept as counters in the transactions that decide, and can be counted again."""

import json
from importlib import resources

import pytest
from typer.testing import CliRunner

from recordgate_deploy.main import app
from recordgate_runtime.settings import adopt, settings
from recordgate_schemas.control import AccessDeclined, AccessOptedIn, EntryHidden, HideCause
from recordgate_schemas.values import EntryId
from recordgate_streams.ledger.account import Miscount, read_account, recount
from tests.support.builders import access, entry, registered
from tests.support.ledger import PARTITION, Crash, Ledger


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A released entry and a hidden one."""
    ledger.say(registered(), access())
    ledger.publish(entry(entry_id=EntryId("shown")), entry(entry_id=EntryId("hidden")))
    ledger.say(EntryHidden(EntryId("hidden"), (), HideCause.NOPAT))
    return ledger


def test_the_account_reads_no_decision(told: Ledger) -> None:
    """Its cost does not grow with the ledger: it works with the decisions out of reach."""
    expected = (("RELEASED", "-", 1), ("WITHHELD", "SOURCE_NOPAT", 1))
    told.owner.execute("alter table current_decision rename to out_of_reach")
    try:
        assert read_account(told.owner).outcomes == expected
    finally:
        told.owner.execute("alter table out_of_reach rename to current_decision")
    assert recount(told.owner) == []


def test_outcomes_that_come_and_go_are_counted_once_each(told: Ledger) -> None:
    told.say(AccessDeclined())
    assert [n for _, _, n in told.account().outcomes] == [2]
    told.say(AccessOptedIn())
    told.publish(entry(entry_id=EntryId("shown"), version=2))
    assert sum(n for _, _, n in told.account().outcomes) == told.account().accepted == 2
    assert recount(told.owner) == []


def test_a_transaction_that_crashes_before_or_after_its_commit_counts_once(told: Ledger) -> None:
    told.broker.crash_after = 0
    records = [told.record(told.entries.topic, entry(entry_id=EntryId("third")))]
    with pytest.raises(Crash):
        told.entries.process_batch(records)
    told.broker.crash_after = None
    told.restart()
    told.entries.process_batch(records)
    assert (told.account().accepted, told.account().unaccounted) == (3, 0)
    assert recount(told.owner) == []


def test_a_wrong_count_is_found_by_counting_again(told: Ledger, ledger_dsn: str) -> None:
    told.owner.execute("update outcome_count set entries = entries + 5 where outcome = 'RELEASED'")
    assert recount(told.owner) == [Miscount(PARTITION, "RELEASED", "-", 6, 1)]
    before = settings().ledger_dsn
    adopt({"RECORDGATE_LEDGER_DSN": ledger_dsn})
    found = CliRunner().invoke(app, ["account", "--recount"])
    as_json = CliRunner().invoke(app, ["account", "--recount", "--json"])
    adopt({"RECORDGATE_LEDGER_DSN": before})
    assert (found.exit_code, "6 counted as RELEASED -, 1 found" in found.output) == (1, True)
    [miscount] = json.loads(as_json.output)["miscounts"]
    assert (miscount["counted"], miscount["found"]) == (6, 1)


def test_counts_begin_with_what_is_in_force(told: Ledger) -> None:
    """The migration counts what it finds."""
    [statement] = [
        part
        for part in _migration().split(";")
        if part.strip().startswith("insert into outcome_count")
    ]
    told.owner.execute("truncate outcome_count")
    told.owner.execute(statement.encode())
    assert recount(told.owner) == []
    may = "select has_table_privilege('ledger_reader', 'outcome_count', 'update')"
    assert told.owner.execute(may.encode()).fetchone() == (False,)


def _migration() -> str:
    folder = resources.files("recordgate_streams.ledger") / "migrations"
    return (folder / "0005_pre_outcome_counts.sql").read_text("utf-8")
