"""A decision empties the queue once, and reaches `controls` at least once, whatever fails in between."""

from collections.abc import Iterator, Sequence

import pytest

from recordgate_consumers import processes
from recordgate_consumers.review.decision import ReviewDecision, Role, record_decision
from recordgate_consumers.review.queue import find_hold, open_holds
from recordgate_consumers.review.relay import ControlPublisher, relay, relay_if_reachable
from recordgate_runtime import positions
from recordgate_runtime.kafka import PartitionReader
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas import codec
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import FatalError, RetryableError, UsageError
from recordgate_schemas.messages import Queue
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import SELF, EntryId, proxy
from tests.support.consumers import (
    BODY,
    NOW,
    opened,
    patient,
)
from tests.support.review import ReviewDatabase
from tests.support.signing import SERVICE

RELEASE = ReviewDecision(ReviewAction.RELEASE, ReviewGround.CHECKED, Role.ADMIN)
E1 = EntryId("e1")
ALICE, BOB = patient(1), patient(2)
PARTITIONS = (0, 1)


def states(review: ReviewDatabase) -> list[tuple[object, ...]]:
    return review.owner.execute(
        "select state, sequence, body from hold order by entry_id"
    ).fetchall()


def test_an_outcome_and_the_decided_hold_are_one_transaction(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    control_id = record_decision(review.app, find_hold(review.app, E1, SELF), RELEASE, NOW, SERVICE)
    assert states(review) == [("decided", 0, BODY)]
    ((stored, encoded),) = review.owner.execute("select control_id, control from outbox")
    control = codec.decode(CONTROLS, bytes(encoded))
    assert stored == control.control_id == control_id
    assert control.nhs_number == ALICE
    assert isinstance(control.change, Reviewed)
    assert control.change.control_position == 5
    assert control.change.ruleset == "ruleset-1"


def test_what_waits_for_a_clinician_stays_open_when_somebody_else_releases_it(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE, queue=Queue.CLINICIAN))
    seen = find_hold(review.app, E1, SELF)
    with pytest.raises(UsageError, match="clinician"):
        record_decision(review.app, seen, RELEASE, NOW, SERVICE)
    assert states(review) == [("open", 0, BODY)]
    assert review.owner.execute("select from outbox").fetchall() == []
    by_gp = ReviewDecision(ReviewAction.RELEASE, ReviewGround.CHECKED, Role.GP)
    record_decision(review.app, seen, by_gp, NOW, SERVICE)
    assert states(review) == [("decided", 0, BODY)]


def test_a_hold_that_changed_since_it_was_seen_is_not_decided(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    seen = find_hold(review.app, E1, SELF)
    review.publish(opened(1, ALICE, version=2))
    with pytest.raises(UsageError, match="changed"):
        record_decision(review.app, seen, RELEASE, NOW, SERVICE)
    assert states(review) == [("open", 1, BODY)]
    assert review.owner.execute("select from outbox").fetchall() == []


def test_a_hold_is_decided_once(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    seen = find_hold(review.app, E1, SELF)
    record_decision(review.app, seen, RELEASE, NOW, SERVICE)
    with pytest.raises(UsageError, match="changed"):
        record_decision(review.app, seen, RELEASE, NOW, SERVICE)
    with pytest.raises(UsageError, match="already decided"):
        find_hold(review.app, E1, SELF)


def test_a_decided_hold_the_decider_opens_again_is_open_with_the_new_content(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE))
    record_decision(review.app, find_hold(review.app, E1, SELF), RELEASE, NOW, SERVICE)
    review.publish(opened(0, ALICE))  # the same message again is no news
    assert open_holds(review.app) == []
    review.publish(opened(1, ALICE, version=2))
    (hold,) = open_holds(review.app)
    assert (hold.version, hold.opened_at) == (2, NOW)
    record_decision(review.app, hold, RELEASE, NOW, SERVICE)
    assert len(review.owner.execute("select from outbox").fetchall()) == 2


def test_audiences_are_reviewed_apart_and_two_patients_are_never_mixed_up(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, audience=proxy("g1")))
    assert find_hold(review.app, E1, proxy("g1")).sequence == 1
    with pytest.raises(UsageError, match="no hold"):
        find_hold(review.app, E1, proxy("g2"))
    review.publish(opened(2, BOB))
    with pytest.raises(UsageError, match="--of-patient"):
        find_hold(review.app, E1, SELF)
    for number in (ALICE, BOB):
        assert find_hold(review.app, E1, SELF, number).nhs_number == number.digits


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
    review.publish(opened(0, ALICE))
    return record_decision(
        review.app, find_hold(review.app, EntryId("e1"), SELF), RELEASE, NOW, SERVICE
    )


def unsent(review: ReviewDatabase) -> int:
    return len(review.owner.execute("select from outbox where sent_at is null").fetchall())


def ids(records: Sequence[Record]) -> list[str]:
    return [codec.decode(CONTROLS, r.value).control_id for r in records]


def test_an_outcome_is_sent_once_under_its_patients_key(
    review: ReviewDatabase, publisher: ControlPublisher, tail: ControlsTail
) -> None:
    control_id = decided(review)
    assert relay(review.app, publisher, NOW) == 1
    assert relay(review.app, publisher, NOW) == 0
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
        relay(review.app, crash_after_sending, NOW)
    assert unsent(review) == 1
    assert relay(review.sink, publisher, NOW) == 1
    assert ids(tail.read(2)) == [control_id, control_id]
    assert unsent(review) == 0


def test_an_outcome_another_relay_is_sending_is_left_to_it(review: ReviewDatabase) -> None:
    decided(review)

    def meanwhile(_: Sequence[bytes]) -> None:
        assert relay(review.sink, lambda _: pytest.fail("sent twice"), NOW) == 0

    assert relay(review.app, meanwhile, NOW) == 1


def test_an_outcome_waits_when_kafka_is_away(review: ReviewDatabase) -> None:
    decided(review)

    def away(_: Sequence[bytes]) -> None:
        raise RetryableError("not reachable")

    assert not relay_if_reachable(review.app, away, NOW)
    assert unsent(review) == 1


def test_an_outcome_that_was_not_acknowledged_stays_in_the_outbox(review: ReviewDatabase) -> None:
    decided(review)

    def refused(_: Sequence[bytes]) -> None:
        raise RetryableError("not acknowledged")

    with pytest.raises(RetryableError):
        relay(review.app, refused, NOW)
    assert unsent(review) == 1


def test_an_outcome_is_not_sent_to_topics_that_have_grown(
    review: ReviewDatabase, configured: Settings
) -> None:
    decided(review)
    positions.adopt_partitions(review.sink, 1)  # the broker has two
    sender = ControlPublisher(configured, lambda: positions.read_partitions(review.app))
    with pytest.raises(FatalError, match=r"2 partitions, not 1.*partitions.md"):
        relay(review.app, sender, NOW)
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
