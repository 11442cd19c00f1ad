"""The commands, on real services."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from recordgate_consumers import cli
from recordgate_consumers.view.show_view import NOTICE
from recordgate_runtime.clock import SystemClock
from recordgate_schemas.control import AccessSuspended, EntryHidden, HideCause
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue
from recordgate_schemas.values import EntryId, proxy
from tests.support.consumers import at, opened, patient, release, task_opened
from tests.support.review import ReviewDatabase
from tests.support.view import ViewDatabase

ALICE = patient(1)
APP = typer.Typer()
for command in (cli.view, cli.holds, cli.tasks, cli.review):
    APP.command()(command)

NO_ITEM = "00000000-0000-0000-0000-000000000000"
AT = ("--practice", "A82038")
ANN = (*AT, "--reviewer", "ann", "--role", "gp")

pytestmark = pytest.mark.usefixtures("configured")


def run(*arguments: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(APP, arguments, input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_patient_reads_the_view(view: ViewDatabase) -> None:
    view.open_for(ALICE)
    view.publish(release(1, ALICE))
    shown = run("view", ALICE.digits).stdout
    assert "Blood pressure" in shown
    assert "Observations" in shown
    (entry,) = json.loads(run("view", ALICE.digits, "--json").stdout)
    assert entry["resource"]["code"]["text"] == "Blood pressure"
    assert "e1" not in entry.values()


def test_the_number_may_come_from_stdin(view: ViewDatabase) -> None:
    view.open_for(ALICE)
    view.publish(release(1, ALICE))
    assert "Blood pressure" in run("view", "-", stdin=f"{ALICE.digits}\n").stdout


def test_a_proxy_reads_its_own_view(view: ViewDatabase) -> None:
    view.open_for(ALICE)
    view.publish(release(1, ALICE))
    assert json.loads(run("view", ALICE.digits, "--as", proxy("g1"), "--json").stdout) == []


def test_hidden_over_closed_empty_and_unknown_look_the_same(view: ViewDatabase) -> None:
    nobody = [run("view", patient(9).digits, *options).stdout for options in ((), ("--json",))]
    view.open_for(ALICE)
    empty = [run("view", ALICE.digits, *options).stdout for options in ((), ("--json",))]
    view.publish(release(1, ALICE, valid_until=datetime(2020, 1, 1, tzinfo=UTC)))
    over = [run("view", ALICE.digits, *options).stdout for options in ((), ("--json",))]
    view.publish(release(2, ALICE))
    view.control(EntryHidden(EntryId("e1"), (), HideCause.NOPAT), ALICE)
    hidden = [run("view", ALICE.digits, *options).stdout for options in ((), ("--json",))]
    view.control(AccessSuspended(), ALICE)
    closed = [run("view", ALICE.digits, *options).stdout for options in ((), ("--json",))]
    assert nobody == empty == over == hidden == closed == [NOTICE + "\n", "[]\n"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("view", "1234567890"),
        ("view", ALICE.digits, "--as", "me"),
        ("holds", "--practice", "?"),
        ("tasks", "--practice", "?"),
        ("review", NO_ITEM, "release", "--reviewer", "ann", "--practice", "?"),
    ],
)
def test_a_wrong_argument_is_named_and_never_quoted(arguments: Sequence[str]) -> None:
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    assert arguments[-1] not in str(caught.value)


def items(what: str = "holds") -> dict[str | None, dict[str, Any]]:
    """What is listed, by entry."""
    return {one["entry_id"]: one for one in json.loads(run(what, *AT, "--json").stdout)}


def test_a_reviewer_lists_decides_and_undoes(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, "e2", when=at(1)))
    assert "2 open" in run("holds", *AT).stdout
    listed = items()
    assert list(listed) == ["e1", "e2"]
    assert ALICE.digits not in json.dumps(listed)
    release, withhold = listed["e1"]["id"], listed["e2"]["id"]
    assert "can be undone" in run("review", release, "release", *ANN).stdout
    assert "decided" in run("review", withhold, "withhold", *ANN, "--ground", "court").stdout
    assert items() == {}
    assert "undone" in run("review", release, "undo", *ANN).stdout
    assert list(items()) == ["e1"]
    kept = review.owner.execute(
        "select opens, cancelled_at is null from outbox order by id"
    ).fetchall()
    assert kept == [(True, False), (False, True)]


def test_a_refused_decision_leaves_the_item_to_others(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, queue=Queue.CLINICIAN))
    item = items()["e1"]["id"]
    with pytest.raises(UsageError, match="clinician"):
        run("review", item, "release", *AT, "--reviewer", "adam")
    run("review", item, "ask_second_opinion", *ANN, "--proposes", "release")
    assert items()["e1"]["state"] == "second_opinion"
    assert (
        "decided"
        in run("review", item, "release", *AT, "--reviewer", "ben", "--role", "nurse").stdout
    )


def test_what_is_put_off_has_a_list_of_its_own(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, when=SystemClock().now()))
    until = (SystemClock().now() + timedelta(days=3)).date().isoformat()
    run("review", items()["e1"]["id"], "wait", *ANN, "--until", until)
    assert items() == {}
    (waits,) = json.loads(run("holds", *AT, "--waiting", "--json").stdout)
    assert (waits["entry_id"], waits["state"]) == ("e1", "waiting")
    assert until in waits["why"]


def test_another_practice_has_no_such_item(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    with pytest.raises(UsageError, match="no such item"):
        run("review", items()["e1"]["id"], "release", "--practice", "B81001", "--reviewer", "eve")
    assert "0 open" in run("holds", "--practice", "B81001").stdout


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_list_says_how_many_more_there_are_and_programs_hear_it_too(
    review: ReviewDatabase, form: tuple[str, ...]
) -> None:
    review.publish(*(opened(n, ALICE, f"z{n}", when=at(n)) for n in range(5)))
    review.publish(*(task_opened(5 + n, ALICE, entry=f"z{n}") for n in range(3)))
    some, all_of_them = run("holds", *AT, "--limit", "2", *form), run("holds", *AT, *form)
    assert some.stderr == "3 more are not listed; give --limit or --queue\n"
    assert [f"z{n}" in some.stdout for n in range(5)] == [True, True, False, False, False]
    assert all(f"z{n}" in all_of_them.stdout for n in range(5))
    assert all_of_them.stderr == ""
    assert run("tasks", *AT, "--limit", "2", *form).stderr.startswith("1 more")
    assert "5 open" in run("holds", *AT, "--limit", "2").stdout


def test_a_hold_says_what_to_offer_first(review: ReviewDatabase) -> None:
    review.publish(
        opened(0, ALICE, hide_first=True, bulk_release=False),
        opened(1, ALICE, "e2", when=at(1)),
    )
    flags = [(h["hide_first"], h["bulk_release"]) for h in items().values()]
    assert flags == [(True, False), (False, True)]
    shown = run("holds", *AT).stdout
    assert shown.index("withhold") < shown.index("release")


def test_tasks_are_listed_and_name_a_patient_only_when_asked(review: ReviewDatabase) -> None:
    review.publish(task_opened(0, ALICE), task_opened(1, ALICE, "OPINION_STALE", entry="e1"))
    assert "2 open" in run("tasks", *AT).stdout
    listed = items("tasks")
    assert (listed["e1"]["reasons"], listed["e1"]["kind"]) == (["OPINION_STALE"], "practice")
    assert listed[None]["reasons"] == ["S_FLAG"]
    for options in ((), ("--json",)):
        assert ALICE.digits not in run("tasks", *AT, *options).stdout
        assert ALICE.digits in run("tasks", *AT, "--numbers", *options).stdout
    run("review", listed["e1"]["id"], "done", *ANN)
    assert list(items("tasks")) == [None]


def test_serious_harm_needs_a_clinician(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    item = items()["e1"]["id"]
    with pytest.raises(UsageError, match="clinician"):
        run("review", item, "withhold", *AT, "--reviewer", "adam", "--ground", "serious_harm")
    assert "1 open" in run("holds", *AT).stdout
