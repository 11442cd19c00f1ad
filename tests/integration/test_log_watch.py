"""Stored positions and the log of a real broker: whatever does not fit stops the reader, and nothing else does."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from recordgate_deploy.embedded import Addresses
from recordgate_deploy.waiting import await_true
from recordgate_runtime import positions
from recordgate_runtime.kafka import PartitionReader, create_topics, partition_counts, topic_state
from recordgate_runtime.log_probe import LogProbe, OutOfRange
from recordgate_runtime.log_watch import Before, LogWatch
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.record import Mark, Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import HELD, TOPICS
from tests.support.services import broker

OTHER = b"\0" * 16


@dataclass
class Log:
    """A topic of two partitions, and a database that keeps positions in it."""

    settings: Settings
    db: psycopg.Connection
    now: float = 0.0

    def __post_init__(self) -> None:
        self.watch = LogWatch(HELD, self.settings, self.db, monotonic=lambda: self.now)

    @property
    def name(self) -> str:
        return self.settings.topic_prefix + HELD.name

    def send(self, count: int, *, commit: bool | None = None) -> list[Record]:
        """Send records to partition 0, in a transaction that is committed or aborted, or in none."""
        options = {} if commit is None else {"transactional_id": uuid4().hex}
        producer = KafkaProducer(
            **broker(self.settings.kafka).kafka_python(), acks="all", **options
        )
        if commit is not None:
            producer.init_transactions()
            producer.begin_transaction()
        for n in range(count):
            producer.send(self.name, key=b"k", value=b"v%d" % n, partition=0).get(timeout=30)
        if commit is not None:
            (producer.commit_transaction if commit else producer.abort_transaction)()
        producer.close()
        return self.read()

    def read(self) -> list[Record]:
        """Everything that lies in partition 0."""
        reader = PartitionReader(HELD, self.settings, {0: 0, 1: 0})
        end, found = reader.end_offsets()[0], list[Record]()
        while not reader.passed() and (not found or found[-1].offset + 1 < end):
            found += reader.poll(0.2, 100)
        reader.close()
        return found

    def apply(self, records: list[Record], end: int | None = None) -> None:
        """Move the position over the records, and over what lies behind them up to `end`."""
        spans = positions.spans_of(HELD.name, records)
        with self.db.transaction():
            positions.advance(self.db, spans)
            if end is not None:
                last = positions.Span(HELD.name, 0, spans[0].end, end)
                positions.advance(self.db, [last])

    def store(self, **columns: object) -> None:
        """Change the stored position of partition 0."""
        for column, value in columns.items():
            self.db.execute(
                f"update source_position set {column} = %s where partition = 0", [value]
            )

    def stops(self, words: str) -> None:
        """Check that a process that runs stops, and so does the next one."""
        for _ in range(2):
            with pytest.raises(FatalError, match=words):
                self.watch.begin()
            self.watch = LogWatch(HELD, self.settings, self.db)


@pytest.fixture(scope="module")
def dsn(services: Addresses) -> str:
    migrate(services.ledger_dsn, migrations("recordgate_streams.ledger", "migrations"))
    return services.ledger_dsn


@pytest.fixture
def log(services: Addresses, dsn: str) -> Iterator[Log]:
    settings = Settings(kafka=services.kafka, topic_prefix=f"{uuid4().hex}.", partitions=2)
    create_topics(settings)
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("truncate source_position")
        topic_id = topic_state(HELD, settings).topic_id
        for partition in range(2):
            positions.adopt(db, HELD.name, topic_id, partition)
        opened = Log(settings, db)
        yield opened
        opened.watch.close()


def test_what_was_applied_is_found_again(log: Log) -> None:
    assert log.watch.begin()[0] == positions.Position(topic_state(HELD, log.settings).topic_id, 0)
    records = log.send(3)
    log.apply(records)
    assert log.watch.begin()[0].last == records[-1].mark
    assert positions.load(log.db, HELD.name)[0].next_offset == 3


def test_both_ends_of_a_transaction_are_no_record(log: Log) -> None:
    log.apply(log.send(2, commit=True), end=3)
    log.watch.begin()
    assert [one.offset for one in log.send(2, commit=False)] == [0, 1]
    log.store(next_offset=6)
    log.watch.begin()
    later = log.send(1)
    assert (later[-1].offset, later[-1].read_from) == (6, 2)
    log.apply(later)
    log.watch.begin()


def test_another_record_at_the_offset_of_the_one_applied_last_stops_the_reader(log: Log) -> None:
    log.apply(log.send(3))
    log.watch.confirm_stored([0, 1])
    log.store(last_digest=OTHER)
    words = r"held/0: the record at 2 is not the one that was read; .*log-is-another-one.md"
    log.stops(words)
    with pytest.raises(FatalError, match=words):
        log.watch.confirm_stored([0, 1])


def test_a_record_where_there_was_none_stops_the_reader(log: Log) -> None:
    """As when the marker at the end of a transaction is lost with the log's tail."""
    records = log.send(2)
    log.apply(records)
    log.store(last_offset=0, last_digest=records[0].mark.digest)
    log.stops("held/0: the record at 0 is not .*log-is-another-one.md")


def test_a_position_outside_the_log_stops_the_reader(log: Log) -> None:
    log.apply(log.send(2))
    log.store(next_offset=3)
    log.stops(r"position 3 is outside the log \(0 to 2\); .*position-outside-log.md")
    log.store(next_offset=1)
    remove(log, 2)
    log.stops(r"position 1 is outside the log \(2 to 2\)")


def test_what_retention_has_removed_is_not_asked_for(log: Log) -> None:
    log.apply(log.send(3))
    remove(log, 3)
    assert log.watch.begin()[0].next_offset == 3
    log.watch.confirm_stored([0])


def test_a_log_that_ends_before_what_was_read_stops_the_reader(log: Log) -> None:
    log.apply(log.send(3))
    log.store(next_offset=8, last_offset=7, last_digest=OTHER)
    with pytest.raises(FatalError, match=r"position 8 is outside the log \(0 to 3\)"):
        log.watch.confirm_stored([0])


def test_another_topic_of_the_same_name_stops_the_reader(log: Log) -> None:
    log.store(topic_id="another")
    log.stops("topic held was deleted and made again; .*topic-replaced.md")


class Asking(LogWatch):
    """Remembers what it asked the broker for."""

    asked: list[dict[int, Before]]

    def _read_again(self, before: Mapping[int, Before]) -> None:
        self.asked += [dict(before)] if before else []
        super()._read_again(before)


def test_once_a_second_and_records_are_read_again_only_if_the_position_or_the_leader_changed(
    log: Log,
) -> None:
    watch = Asking(HELD, log.settings, log.db, monotonic=lambda: log.now)

    def look() -> list[int]:
        watch.asked = []
        log.now += 1.1
        watch.check_if_due()
        return [mark.offset for before in watch.asked for mark, _ in before.values()]

    log.apply(log.send(2))
    assert look() == [1]
    watch.check_if_due()  # not yet due
    assert look() == []
    log.apply(log.send(1))
    assert look() == [2]
    watch._found[0] = (watch._found[0][0], -7)
    assert look() == [2]
    watch.close()


def test_a_count_that_changes_under_a_running_process_is_noticed(log: Log) -> None:
    log.watch.begin()
    admin = KafkaAdminClient(**broker(log.settings.kafka).kafka_python())
    # any topic, also one that the process does not read
    admin.create_partitions({f"{log.settings.topic_prefix}receipts": 5})
    admin.close()
    words: list[str] = []

    def noticed() -> bool:
        log.now += 1.1
        try:
            log.watch.check_if_due()
        except FatalError as error:
            words.append(str(error))
        return bool(words)

    assert await_true(noticed, timeout_s=30)  # the broker itself needs a moment
    assert re.search(r"2 were adopted.*'receipts': 5.*partitions.md", words[0])
    with pytest.raises(FatalError, match="topics differ in partitions"):
        partition_counts(TOPICS, log.settings)


def test_a_broker_that_does_not_answer_is_asked_again_later(log: Log) -> None:
    away = LogWatch(HELD, Settings(kafka="127.0.0.1:9"), log.db, monotonic=lambda: log.now)
    with pytest.raises(RetryableError):
        away.check()
    log.now = 10.0
    away.check_if_due()


class Silent(LogWatch):
    """Gets no answer while it is told so."""

    silent = True

    def _connected(self) -> LogProbe:
        if self.silent:
            raise RetryableError("no answer")
        return super()._connected()


@pytest.mark.parametrize("asked", ["a look", "what was fetched"])
def test_who_gets_no_answer_for_half_a_minute_ends(log: Log, asked: str) -> None:
    log.apply(log.send(1))
    watch = Silent(HELD, log.settings, log.db, monotonic=lambda: log.now)
    ask = watch.check_if_due if asked == "a look" else lambda: watch.confirm_stored([0])

    def ask_at(now: float, *, silent: bool = True) -> None:
        log.now, watch.silent = now, silent
        ask()

    ask_at(5)
    ask_at(34)
    ask_at(36, silent=False)  # an answer: from here on the time begins anew
    ask_at(40)
    ask_at(69)
    with pytest.raises(RetryableError, match="no answer"):
        ask_at(70)
    watch.close()


def test_a_record_that_comes_again_must_be_the_one_that_was_applied(log: Log) -> None:
    records = log.send(2)
    log.apply(records)
    log.apply(records)
    log.store(last_digest=OTHER)
    with pytest.raises(FatalError, match="held/0: the record at 1 is not the one that was read"):
        log.apply(records)
    assert records[1].mark != Mark(1, OTHER)


def remove(log: Log, before: int) -> None:
    """Remove the records of partition 0 before an offset, as retention does."""
    admin = KafkaAdminClient(**broker(log.settings.kafka).kafka_python())
    admin.delete_records({TopicPartition(log.name, 0): before})
    admin.close()


def test_records_of_changing_partitions_are_found_again_at_once(log: Log) -> None:
    """Each batch asks about the partitions it came from; kafka-python forgets some of them for good once paused."""
    found = {p: send_to(log, p, 3) for p in range(2)}
    probe = LogProbe(HELD, log.settings)
    started = time.monotonic()
    for wanted in ([0, 1], [0], [1], [0, 1], [1], [0]) * 3:
        read = probe.read(dict.fromkeys(wanted, (2, 3)))
        assert read == {p: [found[p][2]] for p in wanted}
    assert time.monotonic() - started < 3
    probe.close()


def test_what_is_found_again_is_what_the_log_holds_now(log: Log) -> None:
    """Nothing that was fetched along with an earlier answer is shown as the next one."""
    send_to(log, 0, 4)
    probe = LogProbe(HELD, log.settings)
    assert [one.offset for one in probe.read({0: (1, 2)})[0]] == [1]
    remove(log, 4)
    with pytest.raises(OutOfRange):
        probe.read({0: (2, 3)})
    probe.close()


def send_to(log: Log, partition: int, count: int) -> list[Record]:
    """Send records in one batch and return them as they lie in the log."""
    producer = KafkaProducer(**broker(log.settings.kafka).kafka_python(), acks="all", linger_ms=50)
    sent = [producer.send(log.name, b"v%d" % n, partition=partition) for n in range(count)]
    marks = [future.get(timeout=30) for future in sent]
    producer.close()
    return [
        Record(HELD.name, partition, one.offset, one.timestamp, None, b"v%d" % n)
        for n, one in enumerate(marks)
    ]
