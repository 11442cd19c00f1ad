"""The decider's lanes as processes of their own, on a broker that may lose what it had confirmed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
from kafka import KafkaAdminClient, KafkaProducer

from recordgate_deploy import embedded
from recordgate_deploy.kafka_acls import apply_acls
from recordgate_deploy.processes import recordgate_argv
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_runtime import positions
from recordgate_runtime.kafka import PartitionReader, create_topics, topic_name
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_streams.ledger.account import Account, read_account
from tests.support.ledger import TABLES
from tests.support.services import broker

PATIENCE_S = 60.0

Process = subprocess.Popen[bytes]


class Lanes:
    """Topics on a running broker, an empty ledger, and lanes that read them with an engine."""

    def __init__(
        self,
        folder: Path,
        runner: Runner,
        logs: Path,
        prefix: str,
        *,
        engine: str = "faust",
        partitions: int = 1,
    ) -> None:
        self._folder, self._runner, self._logs = folder, runner, logs
        found = embedded.addresses(folder)
        self.settings = Settings(kafka=found.kafka, partitions=partitions, topic_prefix=prefix)
        create_topics(self.settings)
        apply_acls(self.settings)
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("RECORDGATE_")},
            "RECORDGATE_KAFKA": found.kafka,
            "RECORDGATE_KAFKA_SECRETS": found.kafka_secrets,
            "RECORDGATE_LEDGER_DSN": found.ledger_dsn,
            "RECORDGATE_TOPIC_PREFIX": prefix,
            "RECORDGATE_HOME": str(logs),
            "RECORDGATE_ENGINE": engine,
        }
        self.owner = psycopg.connect(found.ledger_dsn, autocommit=True)
        self.owner.execute(f"truncate {TABLES}".encode())
        self._processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self.owner.close()

    def start(self, lane: str, name: str = "recordgate") -> Process:
        """Start a lane under a name of its process; its log lies in the test's folder."""
        with (self._logs / f"{lane}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                recordgate_argv("decide", "--lane", lane),
                env={**self._environment, "RECORDGATE_PROCESS": name},
                stderr=log,
                stdout=log,
            )
        self._processes.append(process)
        return process

    def log(self) -> str:
        """Everything the processes wrote."""
        return "".join(f.read_text("utf-8") for f in sorted(self._logs.glob("*.log")))

    @contextmanager
    def producer(self, transaction: str | None = None) -> Iterator[KafkaProducer]:
        options = {} if transaction is None else {"transactional_id": transaction}
        producer = KafkaProducer(
            **broker(self.settings.kafka).kafka_python(), acks="all", **options
        )
        if transaction is not None:
            producer.init_transactions()
        yield producer
        producer.close()

    def send(self, producer: KafkaProducer, message: ClinicalEntry | Control) -> Record:
        """Send a message and return its coordinates once the broker has acknowledged it."""
        topic = ENTRIES if isinstance(message, ClinicalEntry) else CONTROLS
        value, key = codec.encode(topic, message), message.nhs_number.key
        name = topic_name(topic, self.settings)
        sent = producer.send(name, key=key, value=value).get(timeout=PATIENCE_S)
        return Record(topic.name, sent.partition, sent.offset, sent.timestamp, key, value)

    def publish(self, *messages: ClinicalEntry | Control) -> list[Record]:
        """Publish as a publisher does."""
        with self.producer() as producer:
            return [self.send(producer, message) for message in messages]

    def position(self, topic: Topic) -> int:
        return positions.read(self.owner, topic.name).get(0, 0)

    def end(self, topic: Topic) -> int:
        """Where the topic's log ends."""
        reader = PartitionReader(topic, self.settings, {0: 0})
        try:
            return reader.end_offsets()[0]
        finally:
            reader.close()

    def caught_up(self, topic: Topic, records: Sequence[Record]) -> bool:
        """Wait until lanes have these records, going by the positions of their partitions."""
        ends = {one.partition: one.offset + 1 for one in records}
        return await_true(
            lambda: ends.items() <= positions.read(self.owner, topic.name).items(),
            timeout_s=PATIENCE_S,
        )

    def applied(self, record: Record) -> bool:
        """Wait until a lane has the record, going by its position."""
        return await_true(
            lambda: positions.read(self.owner, record.topic).get(0, 0) > record.offset,
            timeout_s=PATIENCE_S,
        )

    def outcomes(self) -> dict[str, str]:
        """The outcomes in force for the patients themselves, by entry."""
        rows = self.owner.execute(
            "select entry_id, outcome from current_decision where audience = 'self'"
        )
        return dict(rows.fetchall())

    def account(self) -> Account:
        return read_account(self.owner)

    def admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(**broker(self.settings.kafka).kafka_python())

    def keep_broker(self) -> None:
        """Keep the broker's data as it is now, to come back to."""
        with self._broker_down():
            shutil.rmtree(self._kept, ignore_errors=True)
            shutil.copytree(self._data, self._kept)

    def lose_tail(self) -> None:
        """Take away what the broker has confirmed since `keep_broker`."""
        with self._broker_down():
            shutil.rmtree(self._data)
            shutil.copytree(self._kept, self._data)

    @contextmanager
    def _broker_down(self) -> Iterator[None]:
        self._runner.stop_process("kafka")
        yield
        self._runner.start_process("kafka")
        up = await_true(lambda: embedded.kafka.answers(self._folder), timeout_s=PATIENCE_S)
        assert up, "the broker did not come back"

    @property
    def _data(self) -> Path:
        return self._folder / "kafka" / "data"

    @property
    def _kept(self) -> Path:
        return self._folder / "kafka" / "kept"
