"""The decider's publisher on a real Kafka: whole batches are confirmed, whatever the topic's own size limit."""

from datetime import UTC, datetime

import pytest

from recordgate_deploy.embedded import Addresses
from recordgate_runtime.kafka import PartitionReader, create_topics
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.messages import Receipt, ReceiptClass, Receipts
from recordgate_schemas.topics import RECEIPTS
from recordgate_schemas.values import EntryId, OdsCode
from recordgate_streams.lanes.publish import KafkaPublisher
from recordgate_streams.ledger.rows import Outgoing

MANY = 3_000


def receipts(count: int) -> list[Outgoing]:
    at = datetime(2025, 6, 3, tzinfo=UTC)
    one = Receipt(EntryId("e"), 1, ReceiptClass.RELEASED)
    made = [Receipts(1, n, OdsCode("A82038"), "emis", at, (one,)) for n in range(count)]
    return [
        Outgoing(RECEIPTS.name, 0, n, b"", codec.encode(RECEIPTS, receipt))
        for n, receipt in enumerate(made)
    ]


@pytest.fixture
def known(services: Addresses) -> Settings:
    settings = Settings(kafka=services.kafka, topic_prefix="publish-", partitions=1)
    create_topics(settings)
    return settings


def test_a_batch_far_larger_than_one_small_topics_message_is_confirmed_and_in_order(
    known: Settings,
) -> None:
    KafkaPublisher(known).publish(receipts(MANY))

    reader = PartitionReader(RECEIPTS, known, {0: 0})
    found: list[int] = []
    while len(found) < MANY:
        found += [codec.decode(RECEIPTS, r.value).sequence for r in reader.poll(1.0, MANY)]
    reader.close()
    assert found == list(range(MANY))


def test_a_message_the_broker_refuses_ends_the_publishing_with_its_reason(known: Settings) -> None:
    huge = Outgoing(RECEIPTS.name, 0, 0, b"9990000018", b"x" * 3_000_000)

    with pytest.raises(RetryableError, match="MSG_SIZE_TOO_LARGE"):
        KafkaPublisher(known).publish([huge])
