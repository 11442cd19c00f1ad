"""The sinks' loops on a real broker: they take up where they stopped, and stop when asked."""

import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest
from kafka import KafkaProducer

from recordgate_consumers import processes
from recordgate_runtime import positions
from recordgate_runtime.kafka import PartitionReader
from recordgate_runtime.metrics import REGISTRY, BatchStage
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings, settings
from recordgate_runtime.sink import Handler, run_sink
from recordgate_schemas.control import AccessSuspended
from recordgate_schemas.topics import Topic
from tests.support.consumers import (
    NOW,
    at,
    control,
    patient,
    published,
    redecided,
    registered,
    release,
)
from tests.support.services import broker
from tests.support.view import ViewDatabase

ALICE = patient(1)


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(known: Settings, *records: Record) -> None:
    producer = KafkaProducer(**broker(known.kafka).kafka_python(), acks="all")
    for record in records:
        producer.send(record.topic, key=record.key, value=record.value).get(timeout=30)
    producer.close()


def stop_at_the_end(topic: Topic, known: Settings, view: ViewDatabase) -> None:
    """Ask the process to stop once everything the topic has is applied."""
    reader = PartitionReader(topic, known, {0: 0, 1: 0})
    ends, found = reader.end_offsets(), positions.read(view.owner, topic.name)
    if view.is_fresh() and all(found[partition] >= end for partition, end in ends.items()):
        signal.raise_signal(signal.SIGTERM)
    reader.close()


def batches(stage: BatchStage) -> float:
    found = REGISTRY.get_sample_value("recordgate_batch_seconds_count", {"stage": stage})
    return found or 0.0


def test_the_processes_bring_the_topics_into_the_view(
    view: ViewDatabase, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_done(
        topic: Topic,
        connection: psycopg.Connection,
        handler: Handler,
        known: Settings,
        idle: Callable[[], None] = lambda: None,
        **options: bool,
    ) -> None:
        def work_then_look() -> None:
            idle()
            stop_at_the_end(topic, configured, view)

        run_sink(topic, connection, handler, known, idle=work_then_look, **options)

    monkeypatch.setenv("RECORDGATE_GATE_LEASE_S", "300")
    settings.cache_clear()
    view.forget_freshness()
    before = batches(BatchStage.GATE_LANE)
    send(configured, control(registered(), ALICE, offset=0, effective=at(-1)))
    processes.gate_lane(until_done)
    assert (
        before < batches(BatchStage.GATE_LANE) < before + 20
    )  # polls that find nothing are no batches
    row = view.owner.execute("select fence from audience_gate").fetchone()
    assert row is not None
    for partition in range(configured.partitions):
        view.open_partition(partition)
    send(
        configured,
        published(redecided(0, ALICE, row[0]), offset=0),
        published(release(1, ALICE, under=row[0]), offset=1),
    )
    processes.view_sink(until_done)
    assert len(view.bodies(ALICE)) == 1
    send(configured, control(AccessSuspended(), ALICE, offset=1, effective=NOW))
    processes.gate_lane(until_done)
    assert view.bodies(ALICE) == []


def test_migrating_twice_changes_nothing(configured: Settings) -> None:
    assert configured.view_dsn
    assert processes.migrate_view() == ()
    assert processes.migrate_review() == ()
