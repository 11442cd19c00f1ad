"""A crash at every message: what was committed is published at the next start, numbers stay contiguous."""

from collections.abc import Callable

import pytest

from recordgate_schemas.control import AccessDeclined
from recordgate_schemas.values import EntryId
from tests.support.builders import access, entry, hidden, registered
from tests.support.ledger import Crash, Ledger

STEPS = 11
"""At least as many crash points as there are messages in the script below."""


def script(ledger: Ledger, crash_after: int | None) -> int:
    """Run the script, dying once after `crash_after` messages; return how often it died."""
    ledger.broker.crash_after = crash_after
    died = 0
    steps: tuple[Callable[[], object], ...] = (
        lambda: ledger.say(registered(), access()),
        lambda: ledger.publish(entry(), entry(entry_id=EntryId("neighbour"))),
        lambda: ledger.say(hidden()),
        lambda: ledger.publish(entry(version=2)),
        lambda: ledger.say(AccessDeclined()),
    )
    for step in steps:
        try:
            step()
        except Crash:
            died += 1
            ledger.broker.crash_after = None
            ledger.restart()
    return died


@pytest.mark.parametrize("crash_after", range(STEPS))
def test_a_crash_while_publishing_loses_nothing(ledger: Ledger, crash_after: int) -> None:
    died = script(ledger, crash_after)

    for topic in ("released", "receipts"):
        sequences = sorted({m.sequence for m in ledger.broker.sent if m.topic == topic})
        assert sequences == list(range(len(sequences)))
    assert died == 1
    assert ledger.view() == {}
    assert ledger.outcome("neighbour") == ("NOT_ELIGIBLE", "DECLINED")
    assert ledger.markers()[-1] == 3
    assert ledger.account().unaccounted == 0


def test_a_crash_between_pages_is_taken_up_where_it_stopped(ledger: Ledger) -> None:
    ledger.page_entries = 2
    ledger.restart()
    ledger.say(registered(), access())
    ledger.publish(*(entry(entry_id=EntryId(f"e{n}")) for n in range(6)))
    ledger.broker.crash_after = 3
    with pytest.raises(Crash):
        ledger.say(AccessDeclined())
    ledger.broker.crash_after = None
    marker_before = list(ledger.markers())
    ledger.restart()

    assert 2 not in marker_before
    assert ledger.markers()[-1] == 2
    assert ledger.view() == {}
