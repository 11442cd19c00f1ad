"""Tasks: opened and closed by the decider in any order, listed for people, on a real database."""

import itertools

import psycopg
import pytest

from recordgate_consumers.review.queue import open_holds, open_tasks
from recordgate_schemas.messages import Held, TaskKind
from recordgate_schemas.values import SELF, proxy
from tests.support.consumers import (
    NOW,
    OTHER_PRACTICE,
    PRACTICE,
    at,
    opened,
    patient,
    task_closed,
    task_opened,
)
from tests.support.review import ReviewDatabase

ALICE, BOB = patient(1), patient(2)
STORED = """
    select nhs_number, reason, audience, entry_id, sequence, practice, kind, opened_at, closed_at
    from task order by nhs_number, reason, audience, entry_id
"""


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


STORY = (
    task_opened(0, ALICE),
    task_closed(1, ALICE),
    task_opened(2, BOB),
    task_closed(3, BOB, "X"),
)


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
