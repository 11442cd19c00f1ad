"""The commands, on real services."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner, Result

from recordgate_consumers import cli
from recordgate_consumers.view.show_view import NOTICE
from recordgate_schemas.control import AccessSuspended, EntryHidden, HideCause
from recordgate_schemas.errors import UsageError
from recordgate_schemas.values import EntryId, proxy
from tests.support.consumers import opened, patient, release, task_opened
from tests.support.review import ReviewDatabase
from tests.support.view import ViewDatabase

ALICE = patient(1)
APP = typer.Typer()
for command in (cli.view, cli.holds, cli.tasks, cli.review):
    APP.command()(command)

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
    ],
)
def test_a_wrong_argument_is_named_and_never_quoted(arguments: Sequence[str]) -> None:
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    assert arguments[-1] not in str(caught.value)


def test_a_reviewer_lists_and_decides(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE), opened(1, ALICE, "e2"))
    assert "2 open" in run("holds").stdout
    listed = json.loads(run("holds", "--practice", "A82038", "--json").stdout)
    assert [hold["entry_id"] for hold in listed] == ["e1", "e2"]
    assert ALICE.digits not in json.dumps(listed)
    assert "sent" in run("review", "e1", "--release").stdout
    assert "sent" in run("review", "e2", "--withhold", "--ground", "court").stdout
    assert json.loads(run("holds", "--json").stdout) == []
    assert review.owner.execute("select from outbox where sent_at is null").fetchall() == []


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_list_says_how_many_more_there_are_and_programs_hear_it_too(
    review: ReviewDatabase, form: tuple[str, ...]
) -> None:
    review.publish(*(opened(n, ALICE, f"e{n}") for n in range(5)))
    review.publish(*(task_opened(5 + n, ALICE, entry=f"e{n}") for n in range(3)))
    some, all_of_them = run("holds", "--limit", "2", *form), run("holds", *form)
    assert some.stderr == "3 more are not listed; give --limit, or --practice\n"
    assert [f"e{n}" in some.stdout for n in range(5)] == [True, True, False, False, False]
    assert all(f"e{n}" in all_of_them.stdout for n in range(5))
    assert all_of_them.stderr == ""
    assert run("tasks", "--limit", "2", *form).stderr.startswith("1 more")
    assert "5 open" in run("holds", "--limit", "2").stdout


def test_a_hold_says_what_to_offer_first(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, hide_first=True, bulk_release=False), opened(1, ALICE, "e2"))
    flags = [
        (h["hide_first"], h["bulk_release"]) for h in json.loads(run("holds", "--json").stdout)
    ]
    assert flags == [(True, False), (False, True)]
    offers = [line.split() for line in run("holds").stdout.splitlines()]
    assert [{"withhold", "release"} & set(words) for words in offers if "self" in words] == [
        {"withhold"},
        {"release"},
    ]


def test_tasks_are_listed_and_name_a_patient_only_when_asked(review: ReviewDatabase) -> None:
    review.publish(task_opened(0, ALICE), task_opened(1, ALICE, "OPINION_STALE", entry="e1"))
    assert "2 open" in run("tasks").stdout
    (first, second) = json.loads(run("tasks", "--practice", "A82038", "--json").stdout)
    assert (first["reason"], first["entry_id"], first["kind"]) == (
        "OPINION_STALE",
        "e1",
        "practice",
    )
    assert (second["reason"], second["entry_id"]) == ("S_FLAG", None)
    for options in ((), ("--json",)):
        assert ALICE.digits not in run("tasks", *options).stdout
        assert ALICE.digits in run("tasks", "--numbers", *options).stdout
    assert json.loads(run("tasks", "--practice", "B81001", "--json").stdout) == []


def test_serious_harm_needs_a_clinician(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    with pytest.raises(UsageError, match="clinician"):
        run("review", "e1", "--withhold", "--ground", "serious_harm")
    assert "1 open" in run("holds").stdout
