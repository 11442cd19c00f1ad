"""Holds and tasks: opened and closed by the decider in any order, listed for people, on a real database."""

import itertools
from datetime import timedelta

import psycopg
import pytest

from recordgate_consumers.review.decision import ReviewDecision, Role
from recordgate_consumers.review.queue import open_holds, open_tasks
from recordgate_consumers.review.review_sink import ReviewSink, count_open
from recordgate_runtime.metrics import HOLDS_OPEN
from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_schemas.messages import Held, Queue, TaskKind
from recordgate_schemas.topics import HELD
from recordgate_schemas.values import SELF, EntryId, proxy
from tests.support.consumers import (
    NOW,
    OTHER_PRACTICE,
    PRACTICE,
    apply,
    at,
    closed,
    opened,
    patient,
    poison_count,
    record,
    task_closed,
    task_opened,
)
from tests.support.review import DUE_AFTER, ReviewDatabase

ALICE, BOB = patient(1), patient(2)
RELEASE = ReviewDecision(ReviewAction.RELEASE, ReviewGround.CHECKED, Role.ADMIN)
E1 = EntryId("e1")
STORED = """
    select nhs_number, reason, audience, entry_id, sequence, practice, kind, opened_at, closed_at
    from task order by nhs_number, reason, audience, entry_id
"""
STORY = (
    task_opened(0, ALICE),
    task_closed(1, ALICE),
    task_opened(2, BOB),
    task_closed(3, BOB, "X"),
)


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
    before = poison_count(HELD.name)
    garbage = record(HELD, b"garbage", ALICE.digits, offset=0)
    apply(review.sink, ReviewSink(DUE_AFTER), HELD, [garbage])
    assert poison_count(HELD.name) == before + 1
    assert states(review) == []


def test_sending_holds_again_changes_nothing(review: ReviewDatabase) -> None:
    messages = (opened(0, ALICE), closed(1, ALICE), opened(2, BOB, "e2"))
    review.publish(*messages)
    before = review.owner.execute("select * from hold order by entry_id").fetchall()
    review.publish(*messages[:2])
    assert review.owner.execute("select * from hold order by entry_id").fetchall() == before
    review.offset = 0
    review.publish(*messages)
    assert review.owner.execute("select * from hold order by entry_id").fetchall() == before


def test_open_holds_are_counted_by_due_date(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, "e2", when=at(48)), closed(2, ALICE, "e3"))
    count_open(review.sink, NOW + DUE_AFTER + timedelta(hours=1))
    assert HOLDS_OPEN.labels("past")._value.get() == 1
    assert HOLDS_OPEN.labels("ahead")._value.get() == 1


def stored(review: ReviewDatabase) -> list[tuple[object, ...]]:
    return review.owner.execute(STORED).fetchall()


def listed(review: ReviewDatabase) -> list[tuple[str, str, str | None]]:
    return [(task.reason, task.audience, task.entry_id) for task in open_tasks(review.app)]


def test_a_task_says_what_for_whom_and_since_when(review: ReviewDatabase) -> None:
    review.publish(task_opened(0, ALICE, "OPINION_STALE", entry="e1", kind=TaskKind.REVIEW))
    (task,) = open_tasks(review.app)
    assert (task.nhs_number, task.reason, task.audience) == (ALICE.digits, "OPINION_STALE", SELF)
    assert (task.entry_id, task.practice, task.kind) == ("e1", PRACTICE, "review")
    assert task.opened_at == NOW
    assert ALICE.digits not in repr(task)


@pytest.mark.parametrize("kind", TaskKind)
def test_every_kind_is_kept(review: ReviewDatabase, kind: TaskKind) -> None:
    review.publish(task_opened(0, ALICE, kind=kind))
    assert [task.kind for task in open_tasks(review.app)] == [kind.value]


def test_tasks_differ_by_reason_audience_entry_and_patient(review: ReviewDatabase) -> None:
    g1 = proxy("g1")
    review.publish(
        task_opened(0, ALICE),
        task_opened(1, ALICE, entry="e1"),
        task_opened(2, ALICE, audience=g1),
        task_opened(3, ALICE, "PROXY_AGE", audience=g1),
        task_opened(4, BOB),
    )
    assert len(listed(review)) == 5
    review.publish(task_closed(5, ALICE))
    assert listed(review) == [
        ("PROXY_AGE", g1, None),
        ("S_FLAG", g1, None),
        ("S_FLAG", SELF, None),
        ("S_FLAG", SELF, "e1"),
    ]
    assert [task.nhs_number for task in open_tasks(review.app) if task.entry_id is None][-1] == (
        BOB.digits
    )


def test_what_is_urgent_comes_first_then_the_oldest_and_by_practice(
    review: ReviewDatabase,
) -> None:
    review.publish(
        task_opened(0, ALICE, "NEW", when=at(5)),
        task_opened(1, ALICE, "OLD"),
        task_opened(2, ALICE, "URGENT", kind=TaskKind.URGENT, when=at(9), practice=OTHER_PRACTICE),
        task_opened(3, ALICE, "INCIDENT", kind=TaskKind.INCIDENT, when=at(7)),
    )
    assert [task.reason for task in open_tasks(review.app)] == ["INCIDENT", "URGENT", "OLD", "NEW"]
    assert [task.reason for task in open_tasks(review.app, OTHER_PRACTICE)] == ["URGENT"]


def test_the_newest_message_wins_and_an_open_task_keeps_its_day(review: ReviewDatabase) -> None:
    review.publish(task_opened(5, ALICE))
    review.publish(task_opened(3, ALICE, kind=TaskKind.CONFIG, when=at(-5)))
    review.publish(task_opened(6, ALICE, kind=TaskKind.URGENT, when=at(100)))
    (task,) = open_tasks(review.app)
    assert (task.kind, task.opened_at) == ("urgent", NOW)


def test_a_closed_task_keeps_its_key_and_opens_again_with_a_new_day(
    review: ReviewDatabase,
) -> None:
    review.publish(task_opened(0, ALICE))
    review.publish(task_closed(2, ALICE))
    review.publish(task_opened(1, ALICE))
    key = (ALICE.digits, "S_FLAG", "self", "")
    assert stored(review) == [(*key, 2, None, None, None, at(1))]
    assert open_tasks(review.app) == []
    review.publish(task_opened(3, ALICE, when=at(9)))
    assert stored(review) == [(*key, 3, PRACTICE, "practice", at(9), None)]


@pytest.mark.parametrize("order", list(itertools.permutations(STORY)), ids=lambda _: "")
def test_the_order_of_arrival_does_not_matter_nor_does_a_second_one(
    review: ReviewDatabase, order: tuple[Held, ...]
) -> None:
    for message in order:
        review.publish(message)
    one_by_one = stored(review)
    review.publish(*order)
    assert stored(review) == one_by_one
    review.empty()
    review.publish(*order)
    assert stored(review) == one_by_one
    assert [task.nhs_number for task in open_tasks(review.app)] == [BOB.digits]


def test_tasks_and_holds_come_in_one_batch_and_stay_apart(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), task_opened(1, ALICE, entry="e1"), task_opened(2, BOB))
    review.publish(task_closed(3, ALICE, entry="e1"))
    assert [hold.entry_id for hold in open_holds(review.app)] == ["e1"]
    assert [task.nhs_number for task in open_tasks(review.app)] == [BOB.digits]


def test_an_open_task_without_an_owner_cannot_be_stored(review: ReviewDatabase) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="open_has_an_owner"):
        review.sink.execute(
            "insert into task (nhs_number, reason, audience, entry_id, sequence)"
            " values ('x', 'S_FLAG', 'self', '', 0)"
        )
