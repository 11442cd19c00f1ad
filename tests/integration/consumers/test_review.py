"""The review queue: filled by the decider, emptied by reviewers, on a real database."""

from datetime import timedelta

import pytest

from recordgate_consumers.review.decision import ReviewDecision, Role, record_decision
from recordgate_consumers.review.queue import find_hold, open_holds
from recordgate_consumers.review.review_sink import ReviewSink, count_open
from recordgate_runtime.metrics import HOLDS_OPEN, POISON
from recordgate_schemas import codec
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import FatalError, UsageError
from recordgate_schemas.messages import Queue
from recordgate_schemas.topics import CONTROLS, HELD
from recordgate_schemas.values import SELF, EntryId, proxy
from tests.support.consumers import (
    BODY,
    NOW,
    OTHER_PRACTICE,
    PRACTICE,
    apply,
    at,
    closed,
    opened,
    patient,
    record,
)
from tests.support.review import DUE_AFTER, ReviewDatabase

ALICE, BOB = patient(1), patient(2)
RELEASE = ReviewDecision(ReviewAction.RELEASE, ReviewGround.CHECKED, Role.ADMIN)
E1 = EntryId("e1")


def states(review: ReviewDatabase) -> list[tuple[object, ...]]:
    return review.owner.execute(
        "select state, sequence, body from hold order by entry_id"
    ).fetchall()


def test_a_hold_has_an_owner_a_due_date_and_its_reasons(review: ReviewDatabase) -> None:
    reasons = ("COURT", "LINKED")
    review.publish(opened(0, ALICE, reasons=reasons, queue=Queue.CLINICIAN, hide_first=True))
    (hold,) = open_holds(review.app)
    assert (hold.entry_id, hold.queue, hold.reasons) == ("e1", "clinician", ["COURT", "LINKED"])
    assert (hold.hide_first, hold.bulk_release) == (True, True)
    assert hold.due_at - hold.opened_at == DUE_AFTER
    assert ALICE.digits not in repr(hold)


def test_holds_come_in_the_order_they_are_due_and_by_practice(review: ReviewDatabase) -> None:
    review.publish(
        opened(0, ALICE, "late", when=at(48)),
        opened(1, ALICE, "soon", practice=OTHER_PRACTICE),
    )
    assert [hold.entry_id for hold in open_holds(review.app)] == ["soon", "late"]
    assert [hold.entry_id for hold in open_holds(review.app, PRACTICE)] == ["late"]


def test_the_newest_message_wins_and_new_content_buys_no_time(review: ReviewDatabase) -> None:
    review.publish(opened(5, ALICE, version=5))
    review.publish(opened(3, ALICE, version=3), opened(6, ALICE, version=6, when=at(100)))
    (hold,) = open_holds(review.app)
    assert (hold.version, hold.sequence, hold.opened_at) == (6, 6, NOW)
    assert hold.due_at == NOW + DUE_AFTER


@pytest.mark.parametrize("queue", Queue)
def test_every_queue_is_kept_and_only_the_sources_is_due_later(
    review: ReviewDatabase, queue: Queue
) -> None:
    review.publish(opened(0, ALICE, queue=queue))
    (hold,) = open_holds(review.app)
    expected = DUE_AFTER * (2 if queue is Queue.SOURCE else 1)
    assert (hold.queue, hold.due_at - hold.opened_at) == (queue.value, expected)


def test_a_hold_is_due_as_long_after_its_opening_as_its_newest_queue_says(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE, queue=Queue.SOURCE))
    review.publish(opened(1, ALICE, when=at(100), hide_first=True, bulk_release=False))
    (hold,) = open_holds(review.app)
    assert (hold.queue, hold.opened_at, hold.due_at) == ("practice", NOW, NOW + DUE_AFTER)
    assert (hold.hide_first, hold.bulk_release) == (True, False)
    review.publish(opened(2, ALICE, when=at(200), queue=Queue.SOURCE))
    assert open_holds(review.app)[0].due_at == NOW + 2 * DUE_AFTER


def test_a_closed_hold_keeps_a_tombstone_and_drops_the_content(review: ReviewDatabase) -> None:
    review.publish(opened(1, ALICE))
    review.publish(closed(3, ALICE))
    review.publish(opened(2, ALICE))
    assert states(review) == [("closed", 3, None)]
    assert open_holds(review.app) == []
    review.publish(opened(4, ALICE, when=at(100)))
    assert open_holds(review.app)[0].opened_at == at(100)


def test_a_closing_may_come_first(review: ReviewDatabase) -> None:
    review.publish(closed(3, ALICE))
    review.publish(opened(2, ALICE))
    assert states(review) == [("closed", 3, None)]


def test_a_hold_nobody_can_read_is_counted_and_passed_over(review: ReviewDatabase) -> None:
    before = POISON.labels(HELD.name)._value.get()
    garbage = record(HELD, b"garbage", ALICE.digits, offset=0)
    apply(review.sink, ReviewSink(DUE_AFTER), HELD, [garbage])
    assert POISON.labels(HELD.name)._value.get() == before + 1
    assert states(review) == []


def test_sending_holds_again_changes_nothing(review: ReviewDatabase) -> None:
    messages = (opened(0, ALICE), closed(1, ALICE), opened(2, BOB, "e2"))
    review.publish(*messages)
    before = review.owner.execute("select * from hold order by entry_id").fetchall()
    review.publish(*messages[:2])
    assert review.owner.execute("select * from hold order by entry_id").fetchall() == before
    review.offset = 0
    with pytest.raises(FatalError):
        review.publish(*messages)


def test_an_outcome_and_the_decided_hold_are_one_transaction(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    control_id = record_decision(review.app, find_hold(review.app, E1, SELF), RELEASE, NOW)
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
        record_decision(review.app, seen, RELEASE, NOW)
    assert states(review) == [("open", 0, BODY)]
    assert review.owner.execute("select from outbox").fetchall() == []
    record_decision(
        review.app, seen, ReviewDecision(ReviewAction.RELEASE, ReviewGround.CHECKED, Role.GP), NOW
    )
    assert states(review) == [("decided", 0, BODY)]


def test_a_hold_that_changed_since_it_was_seen_is_not_decided(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    seen = find_hold(review.app, E1, SELF)
    review.publish(opened(1, ALICE, version=2))
    with pytest.raises(UsageError, match="changed"):
        record_decision(review.app, seen, RELEASE, NOW)
    assert states(review) == [("open", 1, BODY)]
    assert review.owner.execute("select from outbox").fetchall() == []


def test_a_hold_is_decided_once(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    seen = find_hold(review.app, E1, SELF)
    record_decision(review.app, seen, RELEASE, NOW)
    with pytest.raises(UsageError, match="changed"):
        record_decision(review.app, seen, RELEASE, NOW)
    with pytest.raises(UsageError, match="already decided"):
        find_hold(review.app, E1, SELF)


def test_a_decided_hold_the_decider_opens_again_is_open_with_the_new_content(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE))
    record_decision(review.app, find_hold(review.app, E1, SELF), RELEASE, NOW)
    review.publish(opened(0, ALICE))  # the same message again is no news
    assert open_holds(review.app) == []
    review.publish(opened(1, ALICE, version=2))
    (hold,) = open_holds(review.app)
    assert (hold.version, hold.opened_at) == (2, NOW)
    record_decision(review.app, hold, RELEASE, NOW)
    assert len(review.owner.execute("select from outbox").fetchall()) == 2


def test_audiences_are_reviewed_apart_and_two_patients_are_never_mixed_up(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, audience=proxy("g1")))
    assert find_hold(review.app, E1, proxy("g1")).sequence == 1
    with pytest.raises(UsageError, match="no hold"):
        find_hold(review.app, E1, proxy("g2"))
    review.publish(opened(2, BOB))
    with pytest.raises(UsageError, match="more than one"):
        find_hold(review.app, E1, SELF)


def test_open_holds_are_counted_by_due_date(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, "e2", when=at(48)), closed(2, ALICE, "e3"))
    count_open(review.sink, NOW + DUE_AFTER + timedelta(hours=1))
    assert HOLDS_OPEN.labels("past")._value.get() == 1
    assert HOLDS_OPEN.labels("ahead")._value.get() == 1
