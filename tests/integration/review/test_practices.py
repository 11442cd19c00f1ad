"""The database shows a reviewer one practice: what a session asks for, whoever asks, and whatever it asks."""

import psycopg
import pytest
from psycopg import sql

from recordgate_consumers.review.deciding import decide, undo
from recordgate_consumers.review.desk import Conflict
from recordgate_consumers.review.items import Seen
from recordgate_consumers.review.leases import claim
from recordgate_consumers.review.workflow import What
from tests.support.consumers import OTHER_PRACTICE, PRACTICE, opened, patient, task_opened
from tests.support.review import RELEASE, ReviewDatabase
from tests.support.signing import SERVICE

ALICE = patient(1)
OWN = ("hold", "task", "work_item", "review_item", "review_event", "outbox")


def test_another_practice_reads_claims_and_decides_nothing(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), task_opened(1, ALICE))
    stranger = review.desk("eve", practice=OTHER_PRACTICE)
    desk = review.desk()
    (item,) = desk.page(What.HOLD)
    lease = claim(desk, item.id)
    assert [stranger.page(what) for what in What] == [[], []]
    assert [stranger.count(what) for what in What] == [0, 0]
    for refused in (
        lambda: stranger.item(item.id),
        lambda: stranger.read(item.id),
        lambda: claim(stranger, item.id),
        lambda: decide(stranger, lease, Seen.of(item), RELEASE, SERVICE),
        lambda: undo(stranger, item.id),
    ):
        with pytest.raises(Conflict, match="no such item"):
            refused()
    assert review.owner.execute("select from review_event").fetchall() == []


@pytest.mark.parametrize("table", OWN)
@pytest.mark.parametrize("practice", [PRACTICE, OTHER_PRACTICE, "", None])
def test_no_table_gives_a_session_more_than_its_practice(
    review: ReviewDatabase, table: str, practice: str | None
) -> None:
    review.publish(opened(0, ALICE), task_opened(1, ALICE))
    review.publish(opened(2, ALICE, "e2"))
    review.decide(entry="e1")
    query = sql.SQL("select practice from {}").format(sql.Identifier(table))
    with review.app.transaction():
        if practice is not None:
            review.app.execute("select set_config('recordgate.practice', %s, true)", (practice,))
        seen = {found for (found,) in review.app.execute(query)}
    assert seen == ({PRACTICE} if practice == PRACTICE else set())


def test_what_a_transaction_has_named_is_forgotten_after_it(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    assert review.holds()
    assert review.app.execute("select from work_item").fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "update work_item set practice = 'B81001'",
        (
            "insert into review_event (item_id, practice, at, reviewer, role, action, state, incarnation, sequence,"
            " lease_number) select id, 'B81001', now(), 'x', 'x', 'x', 'x', 0, 0, 0 from work_item"
        ),
    ],
)
def test_nothing_is_written_into_another_practice(review: ReviewDatabase, statement: str) -> None:
    review.publish(opened(0, ALICE))
    with review.app.transaction(force_rollback=True):
        review.app.execute("select set_config('recordgate.practice', %s, true)", (PRACTICE,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            review.app.execute(statement.encode())
