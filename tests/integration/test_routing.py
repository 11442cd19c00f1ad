"""Where a key belongs, on a real broker: the same partition as librdkafka's; another count is refused."""

import random
import threading

import pytest
from confluent_kafka import Producer
from kafka import KafkaAdminClient

from recordgate_deploy.embedded import Addresses
from recordgate_runtime.kafka import create_topics
from recordgate_runtime.kafka_sender import KafkaSender
from recordgate_runtime.routing import partition_of
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import CONTROLS
from tests.support.consumers import patient
from tests.support.services import broker


def made(services: Addresses, prefix: str, partitions: int) -> Settings:
    found = Settings(kafka=services.kafka, topic_prefix=prefix, partitions=partitions)
    create_topics(found)
    return found


def grow(settings: Settings, partitions: int, *topics: str) -> None:
    admin = KafkaAdminClient(**broker(settings.kafka).kafka_python())
    admin.create_partitions({settings.topic_prefix + name: partitions for name in topics})
    admin.close()


def test_a_key_belongs_where_librdkafka_and_java_clients_send_it(services: Addresses) -> None:
    settings = made(services, "murmur-", 12)
    dice = random.Random(1)
    keys = [patient(n).digits.encode() for n in range(1_000)]
    keys += [dice.randbytes(length) for length in range(1, 101)]
    went: dict[bytes, int] = {}
    lock = threading.Lock()

    def report(error: object, message: object) -> None:
        assert error is None
        with lock:
            went[message.key()] = message.partition()  # type: ignore[attr-defined]

    producer = Producer({**broker(settings.kafka).librdkafka(), "partitioner": "murmur2_random"})
    for key in keys:
        producer.produce("murmur-receipts", b"x", key, on_delivery=report)
    assert producer.flush(60) == 0

    assert went == {key: partition_of(key, 12) for key in keys}
    assert set(went.values()) == set(range(12))


def test_a_sender_produces_to_the_partition_it_computes_and_refuses_another_count(
    services: Addresses,
) -> None:
    settings = made(services, "sender-", 3)
    keys = [patient(n).digits.encode() for n in range(20)]
    sender = KafkaSender(broker(settings.kafka), "test", partitions=3)
    assert sender.send_all("sender-controls", [(key, b"x") for key in keys]) == 20
    sender.close()
    other = KafkaSender(broker(settings.kafka), "test", partitions=4)
    with pytest.raises(FatalError, match=r"3 partitions, not 4.*partitions.md"):
        other.send_all("sender-controls", [(keys[0], b"x")])
    other.close()
    grow(settings, 6, "entries")
    mixed = KafkaSender(broker(settings.kafka), "test")
    mixed.send_all("sender-controls", [(keys[0], b"x")])
    with pytest.raises(FatalError, match="6 partitions, not 3"):
        mixed.send_all("sender-entries", [(keys[0], b"x")])
    mixed.close()


def test_the_topic_of_controls_has_a_name_without_a_slash() -> None:
    """Coordinates are written with slashes."""
    assert "/" not in CONTROLS.name
