"""Where holds go: one queue for all reasons, hiding first if any asks for it, in bulk only if all allow it."""

import pytest

from recordgate_schemas.entry import Marker, ThirdParty
from recordgate_schemas.messages import Queue
from recordgate_schemas.reasons import Reason
from recordgate_streams.decider.routing import Route, held_for, route
from tests.support.builders import RULESET, access, case, decide, entry, facts


@pytest.mark.parametrize(
    ("reasons", "queue"),
    [
        ((Reason.BACKDATED,), Queue.PRACTICE),
        ((Reason.NOT_FILED, Reason.BACKDATED), Queue.SOURCE),
        ((Reason.NOT_FILED, Reason.COURT), Queue.CLINICIAN),
        ((Reason.COURT, Reason.STATE_UNKNOWN, Reason.BACKDATED), Queue.SYSTEM),
        ((Reason.DECLINED,), Queue.PRACTICE),
    ],
)
def test_of_several_queues_the_first_in_order_gets_the_hold(
    reasons: tuple[Reason, ...], queue: Queue
) -> None:
    for order in (reasons, reasons[::-1]):
        assert route(order, RULESET.reasons).queue is queue


def test_hiding_is_offered_first_if_any_reason_asks_for_it() -> None:
    assert route((Reason.BACKDATED, Reason.SAFEGUARDING), RULESET.reasons).hide_first
    assert not route((Reason.BACKDATED, Reason.COURT), RULESET.reasons).hide_first


def test_only_what_all_reasons_allow_is_released_in_bulk() -> None:
    assert route((Reason.BACKDATED, Reason.CONF), RULESET.reasons).bulk_release
    assert not route((Reason.BACKDATED, Reason.COURT), RULESET.reasons).bulk_release
    assert route((), RULESET.reasons) == Route(Queue.PRACTICE, hide_first=False, bulk_release=False)


def test_a_hold_is_for_the_reasons_that_ask_for_one_each_once() -> None:
    marked = entry(markers=(Marker.ALLEGED_PERPETRATOR,), third_party=ThirdParty.PRESENT)
    decision = decide(case(entry=marked))
    assert held_for(decision) == (Reason.THIRD_PARTY, Reason.SAFEGUARDING)


def test_reasons_that_ask_for_something_else_do_not_route_a_hold() -> None:
    unknown = case(entry=entry(), facts=facts(level=None, registration=None))
    assert held_for(decide(unknown)) == (Reason.STATE_UNKNOWN,)
    assert held_for(decide(case(facts=facts(level=access())))) == ()
