"""A client with another partitioner, on the running product: it sends to partitions that are not the patient's."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import orjson
import psycopg
from kafka import KafkaProducer
from kafka.partitioner.default import murmur2

from recordgate_consumers.view.read import read_view
from recordgate_deploy.settled import Watch
from recordgate_producers.publisher import Publisher
from recordgate_producers.simulator import SimulatedPatient, simulate
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import settings
from recordgate_schemas import codec
from recordgate_schemas.control import AccountChanged, Change, Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import Topic
from recordgate_schemas.values import SELF, NhsNumber
from tests.support.consumers import patient
from tests.support.services import broker

PLACES = count(70_000)
"""Patients whom no other test knows."""

_IDS = count()


def publish_patient(publisher: Publisher, watch: Watch, entries: int) -> SimulatedPatient:
    """Publish another patient, with so many entries and a good many controls, until all of it is shown."""
    found = new_patient(entries)
    publisher.publish_controls(found.controls)
    publisher.publish_entries(found.entries)
    publisher.publish_controls([about(found, AccountChanged(linked=True)) for _ in range(60)])
    watch.wait()
    assert len(seen(found.nhs_number)) == entries
    return found


def new_patient(entries: int) -> SimulatedPatient:
    """Return another patient, not published yet."""
    return _moved(next(iter(simulate(1, entries, seed=5))), patient(next(PLACES)))


def about(one: SimulatedPatient, change: Change) -> Control:
    return Control(f"astray-{next(_IDS)}", one.nhs_number, datetime.now(UTC), "test", change)


def seen(number: NhsNumber) -> set[str]:
    with connect(settings().view_dsn, "view_reader") as reader:
        return {orjson.loads(e.body)["id"] for e in read_view(reader, number, SELF)}


def home_of(number: NhsNumber) -> int:
    """Return the patient's partition, computed apart from the product."""
    return int((murmur2(number.digits.encode()) & 0x7FFFFFFF) % settings().partitions)


def elsewhere(number: NhsNumber) -> int:
    """Return the partition, not the patient's, where the fewest sequence numbers were given."""
    with psycopg.connect(settings().ledger_dsn) as ledger:
        rows = ledger.execute(
            "select partition, next from outgoing_sequence where topic = 'released'"
        ).fetchall()
    given = dict.fromkeys(range(settings().partitions), 0) | dict(rows)
    del given[home_of(number)]
    return min(given, key=lambda partition: given[partition])


def send_astray(topic: Topic, message: Control | ClinicalEntry, partition: int) -> str:
    """Send the message to the partition and return its coordinates."""
    key = message.nhs_number.digits.encode()
    return send_raw(topic, codec.encode(topic, message), key, partition)


def send_raw(topic: Topic, value: bytes, key: bytes | None, partition: int) -> str:
    """Send any bytes to the partition and return their coordinates."""
    producer = KafkaProducer(
        **broker(settings().kafka, "publisher").kafka_python(),
        acks="all",
        max_request_size=10_000_000,
    )
    try:
        sent = producer.send(
            settings().topic_prefix + topic.name, value=value, key=key, partition=partition
        ).get(timeout=30)
    finally:
        producer.close()
    return f"{topic.name}/{partition}/{sent.offset}"


def _moved(one: SimulatedPatient, number: NhsNumber) -> SimulatedPatient:
    """Return the same record under another number."""
    return replace(
        one,
        nhs_number=number,
        controls=tuple(replace(control, nhs_number=number) for control in one.controls),
        entries=tuple(replace(entry, nhs_number=number) for entry in one.entries),
    )
