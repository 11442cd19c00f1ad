"""An outcome that was decided reaches `controls` at least once, whatever fails in between."""

from collections.abc import Iterator, Sequence

import pytest

from recordgate_consumers import processes
from recordgate_consumers.review.relay import ControlPublisher, relay
from recordgate_runtime import positions
from recordgate_runtime.kafka import PartitionReader
from recordgate_runtime.postgres import connect
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import CONTROLS
from tests.support.consumers import NOW, opened, patient
from tests.support.review import UNDO, ReviewDatabase

ALICE = patient(1)
PARTITIONS = (0, 1)
DUE = NOW + UNDO


class ControlsTail:
    """What arrives on `controls` from now on."""

    def __init__(self, settings: Settings) -> None:
        begin = PartitionReader(CONTROLS, settings, dict.fromkeys(PARTITIONS, 0))
        self._reader = PartitionReader(CONTROLS, settings, begin.end_offsets())
        begin.close()

    def read(self, count: int) -> list[Record]:
        found: list[Record] = []
        while len(found) < count:
            found += self._reader.poll(wait_s=5, limit=10)
        return found

    def close(self) -> None:
        self._reader.close()


@pytest.fixture
def tail(configured: Settings) -> Iterator[ControlsTail]:
    reader = ControlsTail(configured)
    yield reader
    reader.close()


@pytest.fixture
def publisher(configured: Settings) -> Iterator[ControlPublisher]:
    sender = ControlPublisher(configured)
    yield sender
    sender.close()


def decided(review: ReviewDatabase) -> str:
    """Release a hold and return the id of the control."""
    review.publish(opened(0, ALICE))
    review.decide()
    ((control_id,),) = review.owner.execute("select control_id from outbox")
    return str(control_id)


def unsent(review: ReviewDatabase) -> int:
    return len(review.owner.execute("select from outbox where sent_at is null").fetchall())


def ids(records: Sequence[Record]) -> list[str]:
    return [codec.decode(CONTROLS, r.value).control_id for r in records]


def test_an_outcome_is_sent_once_under_its_patients_key(
    review: ReviewDatabase, publisher: ControlPublisher, tail: ControlsTail
) -> None:
    control_id = decided(review)
    assert relay(review.sink, publisher, DUE) == 1
    assert relay(review.sink, publisher, DUE) == 0
    (record,) = tail.read(1)
    assert ids([record]) == [control_id]
    assert record.key == ALICE.digits.encode()


def test_after_a_crash_before_the_mark_the_same_control_is_sent_again(
    review: ReviewDatabase, publisher: ControlPublisher, tail: ControlsTail
) -> None:
    control_id = decided(review)

    def crash_after_sending(controls: Sequence[bytes]) -> None:
        publisher(controls)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        relay(review.sink, crash_after_sending, DUE)
    assert unsent(review) == 1
    assert relay(review.sink, publisher, DUE) == 1
    assert ids(tail.read(2)) == [control_id, control_id]
    assert unsent(review) == 0


def test_an_outcome_another_relay_is_sending_is_left_to_it(review: ReviewDatabase) -> None:
    decided(review)

    def meanwhile(_: Sequence[bytes]) -> None:
        with connect(review.dsn, "review_sink", autocommit=True) as other:
            assert relay(other, lambda _: pytest.fail("sent twice"), DUE) == 0

    assert relay(review.sink, meanwhile, DUE) == 1


def test_an_outcome_waits_when_kafka_is_away(review: ReviewDatabase) -> None:
    decided(review)

    def away(_: Sequence[bytes]) -> None:
        raise RetryableError("not reachable")

    with pytest.raises(RetryableError):
        relay(review.sink, away, DUE)
    assert unsent(review) == 1


def test_an_outcome_that_was_not_acknowledged_stays_in_the_outbox(review: ReviewDatabase) -> None:
    decided(review)

    def refused(_: Sequence[bytes]) -> None:
        raise RetryableError("not acknowledged")

    with pytest.raises(RetryableError):
        relay(review.sink, refused, DUE)
    assert unsent(review) == 1


def test_an_outcome_is_not_sent_to_topics_that_have_grown(
    review: ReviewDatabase, configured: Settings
) -> None:
    decided(review)
    positions.adopt_partitions(review.sink, 1)  # the broker has two
    sender = ControlPublisher(configured, lambda: positions.read_partitions(review.sink))
    with pytest.raises(FatalError, match=r"2 partitions, not 1.*partitions.md"):
        relay(review.sink, sender, DUE)
    sender.close()
    assert unsent(review) == 1


def test_without_kafka_the_publisher_says_so() -> None:
    publisher = ControlPublisher(Settings(kafka="127.0.0.1:9"))
    with pytest.raises(RetryableError, match="Kafka is not reachable at RECORDGATE_KAFKA"):
        publisher([b"anything"])


def test_the_review_sink_relays_what_was_left(review: ReviewDatabase, tail: ControlsTail) -> None:
    control_id = decided(review)
    processes.review_sink(lambda *_, idle: idle())
    assert ids(tail.read(1)) == [control_id]
    assert unsent(review) == 0
