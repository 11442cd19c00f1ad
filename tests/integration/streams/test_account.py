"""The account is kept as counters in the transactions that decide, and can be counted again."""

import json
from contextlib import closing
from uuid import uuid4

import pytest
from kafka import TopicPartition
from typer.testing import CliRunner

from recordgate_deploy.embedded import Addresses
from recordgate_deploy.main import app
from recordgate_runtime.kafka import create_topics, open_admin, topic_name, topic_state
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.settings import Settings, adopt, settings
from recordgate_schemas.control import AccessDeclined, AccessOptedIn, EntryHidden, HideCause
from recordgate_schemas.topics import ENTRIES
from recordgate_schemas.values import EntryId
from recordgate_streams.inspection.entries_log import EntriesLog, LogState, entries_log
from recordgate_streams.ledger.account import Miscount, read_account, recount
from tests.support.builders import access, entry, registered
from tests.support.ledger import PARTITION, Crash, Ledger
from tests.support.services import broker


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
    told.owner.execute("alter table entry rename to out_of_reach")
    try:
        assert read_account(told.owner).outcomes == expected
    finally:
        told.owner.execute("alter table out_of_reach rename to entry")
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


@pytest.fixture
def known(services: Addresses, told: Ledger) -> Settings:
    """A broker on which `entries` is the topic that the ledger has read, and holds all of it."""
    values = {"kafka": services.kafka, "topic_prefix": f"{uuid4().hex}.", "partitions": 1}
    known = Settings.model_validate(values | {"ledger_dsn": told.dsn})
    create_topics(known)
    topic_id = topic_state(ENTRIES, known).topic_id
    change = "update source_position set topic_id = %s, next_offset = 0 where topic = 'entries'"
    told.owner.execute(change, (topic_id,))
    return known


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("topic_id = topic_id", EntriesLog(LogState.SAME, waiting=0)),
        ("topic_id = 'another'", EntriesLog(LogState.ANOTHER)),
        ("next_offset = 1", EntriesLog(LogState.ANOTHER)),
    ],
)
def test_an_account_of_another_log_is_told_from_one_of_this(
    told: Ledger, known: Settings, change: str, found: EntriesLog
) -> None:
    told.owner.execute(f"update source_position set {change} where topic = 'entries'".encode())
    assert entries_log(told.owner, known) == found
    away = known.model_copy(update={"kafka": "127.0.0.1:9"})
    assert entries_log(told.owner, away) == EntriesLog(LogState.UNKNOWN)


def test_records_that_wait_are_counted_and_records_that_are_gone_are_not_accounted_for(
    told: Ledger, known: Settings
) -> None:
    sender = KafkaSender(broker(known.kafka), "tests", partitions=1)
    topic = topic_name(ENTRIES, known)
    sender.send_all(topic, [(b"9434765919", b"1"), (b"9434765919", b"2")])
    sender.close()
    assert entries_log(told.owner, known) == EntriesLog(LogState.SAME, waiting=2)
    with closing(open_admin(known)) as admin:
        admin.delete_records({TopicPartition(topic, 0): 1})
    assert entries_log(told.owner, known) == EntriesLog(LogState.GONE)


def test_a_topic_with_more_partitions_than_were_read_is_another_log(
    told: Ledger, known: Settings
) -> None:
    with closing(open_admin(known)) as admin:
        admin.create_partitions({topic_name(ENTRIES, known): 2})
    assert entries_log(told.owner, known) == EntriesLog(LogState.ANOTHER)


def test_the_command_says_that_the_log_is_another_one(told: Ledger, known: Settings) -> None:
    told.owner.execute("update source_position set topic_id = 'another' where topic = 'entries'")
    before = settings()
    names = {"RECORDGATE_LEDGER_DSN": told.dsn, "RECORDGATE_KAFKA": known.kafka}
    adopt(names | {"RECORDGATE_TOPIC_PREFIX": known.topic_prefix})
    try:
        plain = CliRunner().invoke(app, ["account"])
        as_json = CliRunner().invoke(app, ["account", "--json"])
    finally:
        adopt(
            {
                "RECORDGATE_LEDGER_DSN": before.ledger_dsn,
                "RECORDGATE_KAFKA": before.kafka,
                "RECORDGATE_TOPIC_PREFIX": before.topic_prefix,
            }
        )
    assert plain.exit_code == as_json.exit_code == 1
    assert "entries on the broker is another log than was read" in plain.output
    assert json.loads(as_json.output)["log"] == "another"


def test_a_reader_of_the_ledger_cannot_change_the_counts(told: Ledger) -> None:
    may = "select has_table_privilege('ledger_reader', 'outcome_count', 'update')"
    assert told.owner.execute(may.encode()).fetchone() == (False,)
