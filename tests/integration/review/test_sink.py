"""Holds and tasks: opened and closed by the decider in any order, each in exactly one place of the queues."""

import itertools

import psycopg
import pytest

from recordgate_consumers.review.deadlines import deadline
from recordgate_consumers.review.items import Item
from recordgate_consumers.review.review_sink import ReviewSink
from recordgate_consumers.review.workflow import What
from recordgate_schemas.messages import Held, Queue, TaskKind
from recordgate_schemas.topics import HELD
from recordgate_schemas.values import SELF, OdsCode, proxy
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
from tests.support.review import WORK_TIME, ReviewDatabase

ALICE, BOB = patient(1), patient(2)
DUE_AT = deadline(NOW, WORK_TIME.days).due_at
STORED = """
    select nhs_number, reason, audience, entry_id, sequence, practice, kind, closed_at
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
    (hold,) = review.holds()
    assert (hold.entry_id, hold.queue, hold.reasons) == ("e1", "clinician", ["COURT", "LINKED"])
    assert (hold.hide_first, hold.bulk_release) == (True, True)
    assert (hold.opened_at, hold.due_at) == (NOW, DUE_AT)
    assert ALICE.digits not in repr(hold)


def test_the_newest_message_wins_and_new_content_buys_no_time(review: ReviewDatabase) -> None:
    review.publish(opened(5, ALICE, version=5))
    review.publish(opened(3, ALICE, version=3), opened(6, ALICE, version=6, when=at(100)))
    (hold,) = review.holds()
    assert (hold.version, hold.sequence, hold.opened_at) == (6, 6, NOW)
    assert hold.due_at == DUE_AT


@pytest.mark.parametrize("queue", Queue)
def test_every_queue_is_kept_and_only_the_sources_is_due_later(
    review: ReviewDatabase, queue: Queue
) -> None:
    review.publish(opened(0, ALICE, queue=queue))
    (hold,) = review.holds()
    days = WORK_TIME.days * (2 if queue is Queue.SOURCE else 1)
    assert (hold.queue, hold.due_at) == (queue.value, deadline(NOW, days).due_at)


def test_a_hold_is_due_as_long_after_its_opening_as_its_newest_queue_says(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE, queue=Queue.SOURCE))
    review.publish(opened(1, ALICE, when=at(100), hide_first=True, bulk_release=False))
    (hold,) = review.holds()
    assert (hold.queue, hold.opened_at, hold.due_at) == ("practice", NOW, DUE_AT)
    assert (hold.hide_first, hold.bulk_release) == (True, False)
    review.publish(opened(2, ALICE, when=at(200), queue=Queue.SOURCE))
    assert review.holds()[0].due_at == deadline(NOW, 2 * WORK_TIME.days).due_at


def test_a_closed_hold_keeps_a_tombstone_and_drops_the_content(review: ReviewDatabase) -> None:
    review.publish(opened(1, ALICE))
    review.publish(closed(3, ALICE))
    review.publish(opened(2, ALICE))
    assert states(review) == [("closed", 3, None)]
    assert review.holds() == []
    review.publish(opened(4, ALICE, when=at(100)))
    assert review.holds()[0].opened_at == at(100)


def test_a_closing_may_come_first(review: ReviewDatabase) -> None:
    review.publish(closed(3, ALICE))
    review.publish(opened(2, ALICE))
    assert states(review) == [("closed", 3, None)]


def test_a_hold_nobody_can_read_is_counted_and_passed_over(review: ReviewDatabase) -> None:
    before = poison_count(HELD.name)
    garbage = record(HELD, b"garbage", ALICE.digits, offset=0)
    apply(review.sink, ReviewSink(WORK_TIME), HELD, [garbage])
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


def stored(review: ReviewDatabase) -> list[tuple[object, ...]]:
    return review.owner.execute(STORED).fetchall()


def tasks(review: ReviewDatabase, practice: OdsCode = PRACTICE) -> list[Item]:
    return review.desk(practice=practice).page(What.TASK)


def listed(review: ReviewDatabase) -> set[tuple[str, str, str]]:
    return {(task.reasons[0], task.audience, task.entry_id) for task in tasks(review)}


def test_a_task_says_what_for_whom_and_since_when(review: ReviewDatabase) -> None:
    review.publish(task_opened(0, ALICE, "OPINION_STALE", entry="e1", kind=TaskKind.REVIEW))
    (task,) = tasks(review)
    assert (task.nhs_number, task.reasons, task.audience) == (
        ALICE.digits,
        ["OPINION_STALE"],
        SELF,
    )
    assert (task.entry_id, task.practice, task.kind) == ("e1", PRACTICE, "review")
    assert (task.opened_at, task.due_at, task.owner) == (NOW, DUE_AT, "practice")
    assert ALICE.digits not in repr(task)


@pytest.mark.parametrize("kind", TaskKind)
def test_every_kind_is_kept(review: ReviewDatabase, kind: TaskKind) -> None:
    review.publish(task_opened(0, ALICE, kind=kind))
    assert [task.kind for task in tasks(review)] == [kind.value]


def test_tasks_differ_by_reason_audience_entry_and_patient(review: ReviewDatabase) -> None:
    g1 = proxy("g1")
    review.publish(
        task_opened(0, ALICE),
        task_opened(1, ALICE, entry="e1"),
        task_opened(2, ALICE, audience=g1),
        task_opened(3, ALICE, "PROXY_AGE", audience=g1),
        task_opened(4, BOB),
    )
    assert len(tasks(review)) == 5
    review.publish(task_closed(5, ALICE))
    assert listed(review) == {
        ("PROXY_AGE", g1, ""),
        ("S_FLAG", g1, ""),
        ("S_FLAG", SELF, ""),
        ("S_FLAG", SELF, "e1"),
    }
    assert [task.nhs_number for task in tasks(review) if not task.entry_id].count(BOB.digits) == 1


def test_what_is_urgent_is_due_first_then_the_gravest_then_the_oldest(
    review: ReviewDatabase,
) -> None:
    review.publish(
        task_opened(0, ALICE, "RULE_CHANGE", when=at(5)),
        task_opened(1, ALICE, "OPINION_STALE", when=at(6)),
        task_opened(2, ALICE, "ACCESS_REVIEW", kind=TaskKind.URGENT, when=at(9)),
        task_opened(3, ALICE, "WRONG_PATIENT", kind=TaskKind.INCIDENT, when=at(7)),
        task_opened(4, ALICE, "PROXY_AGE", when=at(1)),
        task_opened(5, ALICE, "S_FLAG", practice=OTHER_PRACTICE),
    )
    assert [task.reasons[0] for task in tasks(review)] == [
        "ACCESS_REVIEW",
        "WRONG_PATIENT",
        "OPINION_STALE",
        "PROXY_AGE",
        "RULE_CHANGE",
    ]
    assert [task.reasons for task in tasks(review, OTHER_PRACTICE)] == [["S_FLAG"]]


def test_the_newest_message_wins_and_an_open_task_keeps_its_day(review: ReviewDatabase) -> None:
    review.publish(task_opened(5, ALICE))
    review.publish(task_opened(3, ALICE, kind=TaskKind.CONFIG, when=at(-5)))
    review.publish(task_opened(6, ALICE, kind=TaskKind.URGENT, when=at(100)))
    (task,) = tasks(review)
    assert (task.kind, task.opened_at) == ("urgent", NOW)
    assert task.due_at == deadline(NOW, WORK_TIME.days_if_urgent).due_at


def test_a_closed_task_keeps_its_key_and_opens_again_with_a_new_day(
    review: ReviewDatabase,
) -> None:
    review.publish(task_opened(0, ALICE))
    review.publish(task_closed(2, ALICE))
    review.publish(task_opened(1, ALICE))
    key = (ALICE.digits, "S_FLAG", "self", "")
    assert stored(review) == [(*key, 2, None, None, at(1))]
    assert tasks(review) == []
    review.publish(task_opened(3, ALICE, when=at(9)))
    assert stored(review) == [(*key, 3, PRACTICE, "practice", None)]
    assert [task.opened_at for task in tasks(review)] == [at(9)]


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
    assert [task.nhs_number for task in tasks(review)] == [BOB.digits]


def test_tasks_and_holds_come_in_one_batch_and_stay_apart(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), task_opened(1, ALICE, entry="e1"), task_opened(2, BOB))
    review.publish(task_closed(3, ALICE, entry="e1"))
    assert [hold.entry_id for hold in review.holds()] == ["e1"]
    assert [task.nhs_number for task in tasks(review)] == [BOB.digits]


def test_an_open_task_without_an_owner_cannot_be_stored(review: ReviewDatabase) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="open_is_complete"):
        review.sink.execute(
            "insert into task (nhs_number, reason, audience, entry_id, sequence)"
            " values ('x', 'S_FLAG', 'self', '', 0)"
        )
