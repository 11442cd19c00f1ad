"""What the gate opens or closes for a forged control ends as if nobody had said it: both lanes, gate and view sink."""

from datetime import date

import pytest

from recordgate_consumers.view.gate_lane import GateLane
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.control import Change, ProxyEnded, ReviewAction, StateConfirmed
from recordgate_schemas.entry import ThirdParty
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import EntryId
from tests.integration.streams.test_hidden_relatives import HIDE, PARENT, Both, both
from tests.support.builders import (
    GRANT,
    NHS_NUMBER,
    NOW,
    PARTNER,
    access,
    control,
    entry,
    granted,
    historic,
    reviewed,
    shown,
)
from tests.support.clock import FrozenClock
from tests.support.consumers import apply

__all__ = ["both"]

HELD = entry(entry_id=EntryId("held"), third_party=ThirdParty.PRESENT)
PAST = historic(since=date(2000, 1, 1))
FORGED: dict[str, Change] = {
    "a release": reviewed("THIRD_PARTY", entry_id=EntryId("held")),
    "a withholding": reviewed(action=ReviewAction.WITHHOLD, entry_id=EntryId("aside")),
    "an unhide": shown(HIDE.cause, entry_id=PARENT),
    "a confirmation": StateConfirmed(99),
    "historic access": access(historic=PAST),
    "a proxy's return": granted(historic=PAST),
}


def gate(both: Both, change: Change) -> Record:
    """Let the gate lane alone read a control that nobody signed."""
    made = control(change, effective_at=NOW)
    record = both.ledger.raw(CONTROLS, codec.encode(CONTROLS, made), NHS_NUMBER.digits.encode())
    apply(both.view.gate, GateLane(FrozenClock(NOW)), CONTROLS, [record])
    return record


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_control_shows_nothing_before_it_is_refused_and_closes_nothing_after(
    both: Both, what: str
) -> None:
    both.say(both.ledger.controls, granted())
    both.publish(HELD)
    assert len(both.view.visible(NHS_NUMBER, PARTNER)) == 2
    both.say(both.ledger.controls, HIDE)
    both.say(both.ledger.controls, ProxyEnded(GRANT))

    def readable() -> tuple[int, int]:
        return both.reads(), len(both.view.visible(NHS_NUMBER, PARTNER))

    assert readable() == (1, 0)
    record = gate(both, FORGED[what])
    own, partners = readable()
    assert own <= 1  # dark for a blink at most
    assert partners == 0
    both.ledger.controls.process_batch([record])
    both.sync()
    assert readable() == (1, 0)
