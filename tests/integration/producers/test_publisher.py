"""The publisher against a real broker: what arrives, in which order, under which key, and without headers."""

import uuid
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from kafka import KafkaConsumer, TopicPartition

from recordgate_producers.fhir import Given
from recordgate_producers.publisher import Publisher
from recordgate_producers.publishing import Options, publish_record
from recordgate_producers.simulator import simulate
from recordgate_runtime.kafka import create_topics
from recordgate_runtime.kafka_access import KafkaAccess
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import NhsNumber
from tests.support.services import broker
from tests.unit.producers.bundles import nopat, observation, read

PREFIX = f"publisher-{uuid.uuid4().hex[:8]}-"


def patient(number: str) -> Given:
    """A patient of the test's own, so that tests do not see one another's messages."""
    return Given(nhs_number=NhsNumber.parse(number))


class Addresses(Protocol):
    kafka: str


@pytest.fixture(scope="module")
def kafka(services: Addresses) -> str:
    create_topics(Settings(kafka=services.kafka, topic_prefix=PREFIX, partitions=3))
    return services.kafka


@pytest.fixture
def publisher(kafka: str) -> Iterator[Publisher]:
    with Publisher(broker(kafka), prefix=PREFIX) as made:
        yield made


def records(kafka: str, topic: str, key: bytes) -> list[Any]:
    """Everything with this key on a topic, oldest first."""
    consumer = KafkaConsumer(
        **broker(kafka).kafka_python(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        name = PREFIX + topic
        parts = [TopicPartition(name, part) for part in consumer.partitions_for_topic(name)]
        consumer.assign(parts)
        ends = consumer.end_offsets(parts)
        found: list[Any] = []
        while any(consumer.position(part) < ends[part] for part in parts):
            found += [one for batch in consumer.poll(timeout_ms=500).values() for one in batch]
        return [one for one in found if one.key == key]
    finally:
        consumer.close()


def test_a_hide_is_acknowledged_before_its_entry_is_sent(publisher: Publisher, kafka: str) -> None:
    record = read(nopat(observation("hidden")), observation("shown"), given=patient("9990000018"))
    assert publish_record(record, publisher, Options(snapshot=True)) == (2, 2)
    controls, entries = (records(kafka, topic, b"9990000018") for topic in ("controls", "entries"))
    assert codec.decode(CONTROLS, controls[0].value) == record.hides[0]
    assert [codec.decode(ENTRIES, one.value) for one in entries] == list(record.entries)
    assert (
        controls[0].timestamp
        <= entries[0].timestamp
        <= entries[1].timestamp
        <= controls[1].timestamp
    )
    assert controls[0].partition == entries[0].partition


def test_messages_carry_no_headers(publisher: Publisher, kafka: str) -> None:
    record = read(nopat(observation("one")), given=patient("9990000026"))
    publish_record(record, publisher, Options())
    for topic in ("controls", "entries"):
        assert records(kafka, topic, b"9990000026")[-1].headers == []


def test_thousands_of_entries_arrive_once_and_in_order(publisher: Publisher, kafka: str) -> None:
    patients = list(simulate(3, 1500, seed=7))
    for patient in patients:
        assert publisher.publish_entries(patient.entries) == 1500
    for patient in patients:
        arrived = records(kafka, "entries", patient.nhs_number.digits.encode())
        assert [codec.decode(ENTRIES, one.value).entry_id for one in arrived] == [
            one.entry_id for one in patient.entries
        ]


def test_a_large_entry_goes_through(publisher: Publisher, kafka: str) -> None:
    text = "x" * (ENTRIES.max_bytes - 64 * 1024)
    record = read(observation("large", comment=text), given=patient("9990000034"))
    assert publisher.publish_entries(record.entries) == 1
    assert len(records(kafka, "entries", b"9990000034")) == 1


def test_kafka_away_is_an_error_to_repeat_not_a_hang() -> None:
    with pytest.raises(RetryableError, match="Kafka is not reachable"):
        Publisher(KafkaAccess("127.0.0.1:9,nonsense,[::1]:9"))


def test_a_missing_topic_is_an_error_to_repeat_and_is_not_created(services: Addresses) -> None:
    with (
        Publisher(broker(services.kafka), prefix="not-there-") as publisher,
        pytest.raises(RetryableError, match="recordgate topics"),
    ):
        publisher.publish_entries(read(observation("x")).entries)
