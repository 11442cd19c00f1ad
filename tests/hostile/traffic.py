"""Sends records as any client of Kafka may, and reads topics back."""

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from confluent_kafka import Producer
from kafka.partitioner.default import murmur2

from recordgate_runtime.kafka import PartitionReader, topic_name
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.topics import HELD, RELEASED, TOPICS, Principal, Topic
from tests.hostile.histories import Sent
from tests.support.services import broker

CHUNK = 200
WAYS = ("plain", "plain", "committed", "aborted")
"""How a chunk may be sent: `plain`, or in a transaction that is `committed` or `aborted`."""


def home_of(key: bytes | None, partitions: int) -> int:
    """The partition a key belongs in, computed apart from the product; 0 without a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions) if key is not None else 0


def send(rng: Random, records: Sequence[Sent], known: Settings) -> None:
    """Send in order, some in transactions. What is aborted is sent again: for readers the first try never was."""
    plain, in_transactions = _producer(known), _producer(known, "hostile")
    in_transactions.init_transactions()
    for first in range(0, len(records), CHUNK):
        chunk = records[first : first + CHUNK]
        how = rng.choice(WAYS)
        if how != "plain":
            in_transactions.begin_transaction()
            _produce(in_transactions, chunk, known)
            if how == "committed":
                in_transactions.commit_transaction()
                continue
            in_transactions.abort_transaction()
        _produce(plain, chunk, known)


def _producer(known: Settings, transactions: str | None = None) -> Producer:
    options = {"linger.ms": 20, "message.max.bytes": 10_000_000, "enable.idempotence": True}
    named = {} if transactions is None else {"transactional.id": transactions}
    return Producer({**broker(known.kafka).librdkafka(), **options, **named})


def _produce(producer: Producer, chunk: Iterable[Sent], known: Settings) -> None:
    for record in chunk:
        home = home_of(record.key, known.partitions)
        producer.produce(
            topic_name(record.topic, known),
            record.value,
            record.key,
            home if record.partition is None else record.partition % known.partitions,
            headers=list(record.headers),
        )
    producer.flush()


def read(topic: Topic, known: Settings) -> Iterator[Record]:
    """Everything that lies in a topic now, as its readers get it."""
    reader = PartitionReader(
        topic, known.as_user(Principal.ADMIN), dict.fromkeys(range(known.partitions), 0)
    )
    left = {partition: end for partition, end in reader.end_offsets().items() if end}
    while left:
        records = reader.poll(1.0, 5_000)
        yield from records
        reached = [(one.partition, one.offset + 1) for one in records]
        reached += [(span.partition, span.end) for span in reader.passed()]
        for partition, end in reached:
            if end >= left.get(partition, end + 1):
                left.pop(partition)
    reader.close()


def replays_and_rubbish(rng: Random, known: Settings, number: int) -> list[Sent]:
    """For the topics that the decider writes: its own messages again, some astray, and bytes that mean nothing.

    A message of the right form that the decider did not write would be believed; access rights keep it out.
    """
    made = [
        Sent(
            topic,
            rng.randbytes(rng.choice((0, 10))),
            _rubbish(rng),
            rng.randrange(100),
            how="rubbish",
        )
        for topic in TOPICS
        if topic.name not in ("entries", "controls")
        for _ in range(number // 10)
    ]
    for topic in (RELEASED, HELD):
        true = list(read(topic, known))
        for record in _some(rng, true, number // 4):
            astray = rng.random() < 0.3
            partition = rng.randrange(100) if astray else record.partition
            made.append(Sent(topic, record.key, record.value, partition, how="sent again"))
    rng.shuffle(made)
    return made


def _some(rng: Random, records: Sequence[Record], number: int) -> list[Record]:
    return [rng.choice(records) for _ in range(number)] if records else []


def _rubbish(rng: Random) -> bytes | None:
    return rng.choice((None, b"", rng.randbytes(30), b"\xc3\x01" + rng.randbytes(200)))
