"""What a record of `controls` does to the gate, before any database is asked."""

from dataclasses import replace
from datetime import date

import pytest

from recordgate_consumers.view.gate_records import read_changes
from recordgate_consumers.view.gate_rules import GateClosure, GateFences
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.authority import AUTHORITY, must_be_signed
from recordgate_schemas.control import Change, Control, Historic, Level, ProxyGranted
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import proxy
from tests.support.consumers import NOW, control, granted, patient
from tests.support.largest import largest

ALICE = patient(1)
PAST = replace(granted(until=date(2026, 1, 1)), historic=Historic(Level.FULL, None, checked=True))


def test_a_grant_that_does_not_count_without_a_signature_ends_nothing_in_the_gate() -> None:
    """The decider refuses it. Its last day would have closed a proxy that the grant before it keeps open."""
    (unsigned,) = read_changes(control(PAST, ALICE, offset=5))
    assert unsigned.closure is None
    assert unsigned.fences == GateFences(grant=proxy("g1"))


def test_a_signed_grant_opens_again_what_ended_and_has_no_end_that_a_refused_one_could_leave() -> (
    None
):
    (signed,) = read_changes(_signed(PAST))
    assert signed.closure == GateClosure(proxy("g1"), "proxy_ended", NOW, closed=False)


def test_a_grant_that_needs_no_signature_ends_on_its_last_day() -> None:
    (plain,) = read_changes(control(replace(PAST, historic=None), ALICE, offset=5))
    assert plain.closure is not None
    assert plain.closure.expires_at is not None


@pytest.mark.parametrize("change", AUTHORITY, ids=lambda one: one.__name__)
def test_no_control_that_must_be_signed_and_is_not_lifts_a_closure(change: type[Change]) -> None:
    made = largest(change)
    if must_be_signed(made):
        (read,) = read_changes(control(made, ALICE, offset=5))
        assert read.closure is None


def _signed(change: ProxyGranted) -> Record:
    bare = control(change, ALICE, offset=5)
    made = Control("c5", ALICE, NOW, "test", change, signature="e30..c2lnbmVk")
    return replace(bare, value=codec.encode(CONTROLS, made))
