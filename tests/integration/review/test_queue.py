"""The queue: its order and why, its pages, every hold in one place, escalations, and plans that stay bounded."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from recordgate_consumers.review import items
from recordgate_consumers.review.items import Key, why_next
from recordgate_consumers.review.upkeep import count_work, pass_time
from recordgate_consumers.review.workflow import IN_QUEUE, What
from recordgate_runtime.metrics import ESCALATIONS, WORK_OPEN
from recordgate_runtime.sql import Statements
from recordgate_schemas.messages import Queue
from tests.support.consumers import NOW, OTHER_PRACTICE, PRACTICE, at, opened, patient, task_opened
from tests.support.review import ReviewDatabase

ALICE = patient(1)
SQL = Statements("recordgate_consumers.review", "items.sql")
DESK = Statements("recordgate_consumers.review", "desk.sql")


def test_due_first_then_the_gravest_then_the_oldest(review: ReviewDatabase) -> None:
    day = 24
    review.publish(
        opened(0, ALICE, "next-day", when=at(3 * day)),
        opened(1, ALICE, "young", when=at(2)),
        opened(2, ALICE, "old", when=at(1)),
        opened(3, ALICE, "somebodys", reasons=("LINKED", "COURT"), when=at(3)),
        opened(4, ALICE, "serious", reasons=("SAFEGUARDING",), when=at(4)),
        opened(5, ALICE, "unknown", reasons=("NEW_WORD",), when=at(5)),
    )
    assert [item.entry_id for item in review.holds()] == [
        "serious",
        "unknown",
        "somebodys",
        "old",
        "young",
        "next-day",
    ]


def test_an_item_says_why_it_is_next(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, reasons=("SAFEGUARDING",)))
    (item,) = review.holds()
    assert why_next(item, NOW) == (
        "due in 10 working days; serious harm is possible (SAFEGUARDING); open for 0 working days"
    )
    assert why_next(item, item.due_at - timedelta(seconds=1)).startswith("due today; ")
    assert why_next(item, item.due_at).startswith("overdue; ")


def test_pages_follow_each_other_without_gap_or_repetition(review: ReviewDatabase) -> None:
    review.publish(*(opened(n, ALICE, f"e{n}", when=at(n % 3)) for n in range(7)))
    review.publish(opened(7, ALICE, "other", practice=OTHER_PRACTICE), task_opened(8, ALICE))
    desk, found, after = review.desk(), [], items.START
    while page := desk.page(What.HOLD, after=after, limit=3):
        assert len(page) <= 3
        found += [item.entry_id for item in page]
        after = Key.of(page[-1])
    assert sorted(found) == sorted({f"e{n}" for n in range(7)})
    assert desk.count(What.HOLD) == 7
    assert len(desk.page(What.HOLD, limit=10_000)) == 7


@pytest.mark.parametrize("queue", Queue)
def test_every_hold_is_in_exactly_one_queue(review: ReviewDatabase, queue: Queue) -> None:
    review.publish(opened(0, ALICE, queue=queue))
    desk = review.desk()
    places = [q for q in Queue for _ in desk.page(What.HOLD, queue=q)]
    assert (places, desk.count(What.HOLD, queue)) == ([queue], 1)
    assert review.owner.execute("select count(*) from work_item").fetchone() == (1,)


def test_work_escalates_at_half_at_most_and_at_all_of_its_time(review: ReviewDatabase) -> None:
    before = [ESCALATIONS.labels("practice", step)._value.get() for step in (50, 80, 100)]
    review.publish(opened(0, ALICE))
    (item,) = review.holds()
    reached = []
    for instant in (item.half_at, item.most_at, item.due_at):
        for moment in (instant - timedelta(seconds=1), instant):
            pass_time(review.sink, moment)
            reached.append(review.holds()[0].escalated)
    assert reached == [0, 50, 50, 80, 80, 100]
    after = [ESCALATIONS.labels("practice", step)._value.get() for step in (50, 80, 100)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


def test_what_comes_to_its_due_date_is_logged_once_and_names_nobody(
    review: ReviewDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, "e2"))
    due_at = review.holds()[0].due_at
    for _ in range(2):
        pass_time(review.sink, due_at)
    written = "".join(capsys.readouterr())
    assert written.count("WORK_OVERDUE") == 1
    assert '"count": 2' in written
    assert ALICE.digits not in written


def test_open_work_is_counted_by_queue_age_and_due_date(review: ReviewDatabase) -> None:
    review.publish(
        opened(0, ALICE),
        opened(1, ALICE, "e2", when=at(-24 * 5)),
        opened(2, ALICE, "e3", when=at(-24 * 30), queue=Queue.CLINICIAN),
        task_opened(3, ALICE),
    )
    count_work(review.sink, NOW)
    counted = {
        labels: WORK_OPEN.labels(*labels)._value.get()
        for labels in (
            ("hold", "practice", "new", "ahead"),
            ("hold", "practice", "middle", "ahead"),
            ("hold", "clinician", "old", "past"),
            ("hold", "clinician", "new", "ahead"),
            ("task", "practice", "new", "ahead"),
        )
    }
    assert list(counted.values()) == [1, 1, 1, 0, 1]


def test_the_statements_name_the_states_of_the_table() -> None:
    literal = "state in (" + ", ".join(f"'{state}'" for state in IN_QUEUE) + ")"
    assert all(
        literal in text for text in (SQL["page"], SQL["count_in_queues"], DESK["claim_next"])
    )


MANY = 100_000
FILL = """
insert into hold (nhs_number, audience, entry_id, sequence, state, queue, version, practice, kind, reasons, hide_first,
  bulk_release, decided_under, ruleset, body, body_type, body_sha256, updated_at)
select n::text, 'self', 'e' || n, n, 'open', 'practice', 1, case n % 50 when 0 then 'B81001' else 'A82038' end,
  'observation', '{LINKED}', false, true, 0, 'r', '', 'b', '', now()
from generate_series(1, %(many)s) as n;
insert into work_item (nhs_number, audience, entry_id, reason, practice, queue, harm, incarnation, sequence, opened_at,
  half_at, most_at, due_at, state, updated_at)
select nhs_number, 'self', entry_id, '', practice, case sequence % 10 when 0 then 'clinician' else 'practice' end,
  1 + sequence % 3, 0, sequence, t, t, t, date_trunc('day', t), 'open', t
from hold, lateral (select timestamptz '2026-01-01' + sequence * interval '1 minute') as at (t);
insert into task (nhs_number, reason, audience, entry_id, sequence, practice, kind)
select n::text, 'S_FLAG', 'self', '', n, 'A82038', 'practice' from generate_series(1, 5000) as n;
analyze hold, task, work_item
"""


@pytest.fixture(scope="module")
def many(review_dsn: str) -> Iterator[ReviewDatabase]:
    with ReviewDatabase(review_dsn) as review:
        review.empty()
        for statement in FILL.split(";"):
            review.owner.execute(statement.replace("%(many)s", str(MANY)).encode())
        yield review


ASKED = {"practice": PRACTICE, "what": "hold", "limit": 50, "queue": None}
MIDDLE = Key(at(-24 * 290), 2, at(-24 * 290), items.START.id)


@pytest.mark.parametrize("queue", [None, "clinician"])
@pytest.mark.parametrize("after", [items.START, MIDDLE], ids=["first page", "a page in the middle"])
def test_a_page_of_100_000_holds_reads_one_index_and_its_own_rows(
    many: ReviewDatabase, queue: str | None, after: Key
) -> None:
    key = {name: getattr(after, name) for name in ("due_at", "harm", "opened_at", "id")}
    nodes = plan(many.app, SQL["page"], {**ASKED, **key, "queue": queue})
    index = "work_in_order" if queue is None else "work_in_order_of_queue"
    assert index in {node.get("Index Name") for node in nodes}
    assert nodes[0]["Actual Rows"] == 50
    assert_bounded(nodes, rows=50)


def test_the_next_item_of_100_000_is_found_without_looking_at_the_others(
    many: ReviewDatabase,
) -> None:
    asked = {**ASKED, "queues": ["clinician", "practice"], "now": NOW, "until": NOW}
    nodes = plan(many.app, DESK["claim_next"], {**asked, "reviewer": "ann"})
    assert_bounded(nodes, rows=1)


def plan(app: psycopg.Connection, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of the plan that was run, in a transaction that leaves nothing behind."""
    with app.transaction(force_rollback=True):
        app.execute(SQL["name_practice"], {"practice": PRACTICE})
        row = app.execute(f"explain (analyze, format json) {statement}".encode(), values).fetchone()
    assert row is not None
    found = row[0] if isinstance(row[0], list) else json.loads(row[0])
    nodes, todo = [], [found[0]["Plan"]]
    while todo:
        nodes.append(node := todo.pop())
        todo += node.get("Plans", [])
    return nodes


def assert_bounded(nodes: list[dict[str, Any]], rows: int) -> None:
    unwanted = {"Seq Scan", "Sort", "Incremental Sort", "Bitmap Heap Scan", "Hash Join"}
    assert [
        (n["Node Type"], n.get("Relation Name")) for n in nodes if n["Node Type"] in unwanted
    ] == []
    touched = [
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes
    ]
    assert max(touched) <= rows
