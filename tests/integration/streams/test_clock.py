"""A lane decides only while its clocks agree: its process's, the ledger's, the broker's, the newest decision's."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.settings import settings
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_streams.cli.clock import clock
from recordgate_streams.ledger.clock import CheckedClock, LedgerClock
from tests.support.builders import access, control, entry, registered
from tests.support.clock import FrozenClock
from tests.support.ledger import PARTITION, Ledger

MINUTE, DAY, YEAR = timedelta(minutes=1), timedelta(days=1), timedelta(days=365)
REAL = SystemClock().now()
SOON = REAL + 100 * DAY


class Shifted:
    """A clock that is wrong by as much."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return SystemClock().now() + self.by


def checked(by: timedelta = timedelta()) -> CheckedClock:
    return CheckedClock(Shifted(by), MINUTE)


def give(ledger: Ledger, clock: LedgerClock) -> None:
    """Start both lanes again, with another clock."""
    ledger.real_clock = clock
    ledger.entries, ledger.controls = ledger.entries_lane(), ledger.controls_lane()


def dated_into_the_future() -> dict[str, Any]:
    return {"event_date": SOON.date(), "recorded_at": SOON, "available_at": SOON}


def decisions(ledger: Ledger) -> int:
    row = ledger.owner.execute("select count(*) from decision").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("by", [YEAR, -YEAR, 2 * MINUTE, -2 * MINUTE])
def test_a_lane_whose_process_has_another_clock_than_the_ledger_decides_nothing(
    ledger: Ledger, by: timedelta
) -> None:
    give(ledger, checked())
    ledger.say(registered(), access())
    give(ledger, checked(by))
    arriving = ledger.record(ENTRIES, entry(**dated_into_the_future()))
    with pytest.raises(FatalError, match=r"clocks differ.*docs/runbook/clock.md"):
        ledger.entries.process_batch([arriving])
    with pytest.raises(FatalError, match="clocks differ"):
        ledger.controls.tick([PARTITION])
    assert decisions(ledger) == 0
    give(ledger, checked())
    ledger.entries.process_batch([arriving])
    assert ledger.outcome(entry().entry_id) == ("HELD", "FUTURE_DATED")


def test_clocks_that_differ_by_less_than_the_bound_stop_nothing(ledger: Ledger) -> None:
    give(ledger, checked(MINUTE / 2))
    ledger.say(registered(), access())
    ledger.publish(entry())
    assert ledger.view() == {entry().entry_id: 1}


def test_the_time_of_a_decision_is_the_ledgers_and_not_the_processs(ledger: Ledger) -> None:
    give(ledger, checked(MINUTE / 2))
    ledger.say(registered(), access())
    ledger.publish(entry())
    row = ledger.owner.execute(
        "select max(decided_at) < clock_timestamp() from decision"
    ).fetchone()
    assert row == (True,)


@pytest.mark.parametrize("topic", [ENTRIES, CONTROLS])
def test_a_record_that_the_broker_took_later_than_now_is_not_applied(
    ledger: Ledger, topic: Topic
) -> None:
    ledger.say(registered(), access())
    give(ledger, checked())
    ahead = int((REAL + YEAR).timestamp() * 1000)
    message = entry() if topic is ENTRIES else control(access())
    record = replace(ledger.record(topic, message), timestamp_ms=ahead)
    lane = ledger.entries if topic is ENTRIES else ledger.controls
    with pytest.raises(FatalError, match=r"the broker took offset .*docs/runbook/clock.md"):
        lane.process_batch([record])
    assert decisions(ledger) == 0


def test_a_ledger_whose_newest_decision_lies_in_the_future_decides_nothing(ledger: Ledger) -> None:
    decide_a_year_ahead(ledger)
    give(ledger, checked())
    with pytest.raises(FatalError, match=r"newest decision is dated.*docs/runbook/clock.md"):
        ledger.controls.tick([PARTITION])


def test_what_a_clock_ahead_released_is_taken_back_once_an_operator_has_accepted_its_dates(
    ledger: Ledger,
) -> None:
    decide_a_year_ahead(ledger)
    assert ledger.view() == {entry().entry_id: 1}
    give(ledger, checked())
    assert checked().accept(ledger.owner, REAL + YEAR + DAY) == 1
    ledger.controls.tick([PARTITION])
    assert ledger.view() == {}
    assert ledger.outcome(entry().entry_id) == ("HELD", "FUTURE_DATED")


def test_dates_are_not_accepted_while_the_clocks_differ(ledger: Ledger) -> None:
    decide_a_year_ahead(ledger)
    with pytest.raises(FatalError, match="clocks differ"):
        checked(YEAR).accept(ledger.owner, REAL + YEAR + DAY)
    with pytest.raises(FatalError, match="newest decision"):
        checked().read(ledger.owner)


def test_accepted_dates_let_no_later_ones_through(ledger: Ledger) -> None:
    decide_a_year_ahead(ledger)
    checked().accept(ledger.owner, REAL + DAY)
    with pytest.raises(FatalError, match="newest decision"):
        checked().read(ledger.owner)


def test_the_command_says_whether_clocks_agree_and_takes_the_date_to_accept(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer()
    app.command()(clock)
    monkeypatch.setenv("RECORDGATE_LEDGER_DSN", ledger.dsn)
    settings.cache_clear()
    fine = CliRunner().invoke(app, [])
    decide_a_year_ahead(ledger)
    differ = CliRunner().invoke(app, [])
    until = f"{REAL + YEAR + DAY:%Y-%m-%dT%H:%M:%S}"
    accepted = CliRunner().invoke(app, ["--accept-until", until])
    settings.cache_clear()
    assert fine.stdout.startswith("the clocks agree: ")
    assert isinstance(differ.exception, FatalError)
    assert accepted.stdout.splitlines()[0].endswith("are accepted; patients decided again: 1")
    assert accepted.exit_code == 0


def decide_a_year_ahead(ledger: Ledger) -> None:
    give(ledger, FrozenClock(REAL + YEAR))
    ledger.say(registered(), access())
    ledger.publish(entry(**dated_into_the_future()))
