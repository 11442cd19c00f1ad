"""Gate lanes and view sinks as processes of their own, on topics of their own, to be stopped, killed, cut off."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Self

from kafka import KafkaAdminClient, KafkaProducer

from recordgate_deploy.embedded import Addresses
from recordgate_deploy.kafka_acls import apply_acls
from recordgate_deploy.processes import recordgate_argv
from recordgate_deploy.waiting import await_true
from recordgate_runtime import positions
from recordgate_runtime.kafka import create_topics, topic_name
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.control import Change, Control
from recordgate_schemas.messages import Released
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import NhsNumber
from tests.support.consumers import NOW, redecided, registered, release
from tests.support.services import broker
from tests.support.view import ViewDatabase

LEASE_S = 3.0
PATIENCE_S = 60.0
"""How long a test waits for what must happen; what must happen within the lease is judged by the database's clock."""

Process = subprocess.Popen[bytes]


class Gate:
    """Topics of its own on a running broker, and processes that read them."""

    def __init__(self, addresses: Addresses, view: ViewDatabase, prefix: str, folder: Path) -> None:
        self.view, self._folder = view, folder
        self.settings = Settings(kafka=addresses.kafka, partitions=2, topic_prefix=prefix)
        create_topics(self.settings)
        apply_acls(self.settings)
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("RECORDGATE_")},
            "RECORDGATE_KAFKA": addresses.kafka,
            "RECORDGATE_KAFKA_SECRETS": addresses.kafka_secrets,
            "RECORDGATE_VIEW_DSN": addresses.view_dsn,
            "RECORDGATE_TOPIC_PREFIX": prefix,
            "RECORDGATE_GATE_LEASE_S": str(LEASE_S),
            "RECORDGATE_GATE_TICK_S": "0.2",
        }
        self._processes: list[Process] = []
        self._released = [0, 0]
        self._with_sink = False
        view.forget_freshness()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def start(self, name: str = "gate-lane") -> Process:
        """Start a process; its log lies in the test's folder."""
        with (self._folder / f"{name}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                recordgate_argv(name), env=self._environment, stderr=log, stdout=log
            )
        self._processes.append(process)
        self._with_sink |= name == "view-sink"
        return process

    def log(self) -> str:
        """Everything the processes wrote."""
        return "".join(f.read_text("utf-8") for f in sorted(self._folder.glob("*.log")))

    def producer(self, acks: int | str = "all", transaction: str | None = None) -> KafkaProducer:
        options = {} if transaction is None else {"transactional_id": transaction}
        idempotent = acks == "all"
        return KafkaProducer(
            **broker(self.settings.kafka).kafka_python(),
            acks=acks,
            enable_idempotence=idempotent,
            **options,
        )

    def send(self, producer: KafkaProducer, change: Change, who: NhsNumber) -> Record:
        """Send a control and return its coordinates once the broker has acknowledged it."""
        value = codec.encode(CONTROLS, Control("c", who, NOW, "test", change))
        return self.send_raw(producer, CONTROLS.name, who.digits.encode(), value)

    def send_raw(
        self, producer: KafkaProducer, topic: str, key: bytes | None, value: bytes
    ) -> Record:
        name = self.settings.topic_prefix + topic
        found = producer.send(name, key=key, value=value).get(timeout=PATIENCE_S)
        return Record(topic, found.partition, found.offset, found.timestamp, key, value)

    def control(self, change: Change, who: NhsNumber) -> Record:
        """Publish one control as a publisher does."""
        producer = self.producer()
        try:
            return self.send(producer, change, who)
        finally:
            producer.close()

    def show(self, who: NhsNumber, body: bytes) -> None:
        """Register a patient and release an entry, straight into the view: there is no decider here."""
        record = self.control(registered(), who)
        assert await_true(lambda: self.applied(record), timeout_s=PATIENCE_S), self.log()
        self.decide_again(who, record)
        self._publish(record, release(self._sequence(record), who, under=record.offset, body=body))
        assert await_true(lambda: self.view.bodies(who) == [body], timeout_s=PATIENCE_S), self.log()

    def decide_again(self, who: NhsNumber, record: Record) -> None:
        """Publish the marker that follows a control."""
        self._publish(record, redecided(self._sequence(record), who, record.offset))

    def _sequence(self, record: Record) -> int:
        partition = record.partition if self._with_sink else 0
        self._released[partition] += 1
        return self._released[partition] - 1

    def _publish(self, record: Record, message: Released) -> None:
        """Hand a message to the view sink, if one was started, or apply it as one would."""
        if not self._with_sink:
            self.view.publish(message)
            return
        self.view.open_partition(record.partition)
        producer = self.producer()
        self.send_raw(producer, RELEASED.name, record.key, codec.encode(RELEASED, message))
        producer.close()

    def applied(self, record: Record) -> bool:
        """Whether the gate has the record, going by its position."""
        stored = positions.read(self.view.owner, record.topic)
        return stored.get(record.partition, 0) > record.offset

    def becomes(self, who: NhsNumber, bodies: list[bytes]) -> bool:
        """Wait until a patient sees exactly this."""
        return await_true(lambda: self.view.bodies(who) == bodies, timeout_s=PATIENCE_S)

    def admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(**broker(self.settings.kafka).kafka_python())

    @property
    def topic(self) -> str:
        return topic_name(CONTROLS, self.settings)


def stop(*processes: Process) -> None:
    for process in processes:
        process.send_signal(signal.SIGSTOP)


def go_on(*processes: Process) -> None:
    for process in processes:
        process.send_signal(signal.SIGCONT)
