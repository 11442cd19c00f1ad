"""From a decision to what view, queue and publisher are told."""

from datetime import timedelta
from typing import Any

import pytest

from recordgate_schemas import codec
from recordgate_schemas.entry import Element, ElementKind, ThirdParty
from recordgate_schemas.messages import Held, HoldClosed, HoldOpened, Release, Released, Retract
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.topics import ENTRIES, HELD, RELEASED
from recordgate_schemas.values import SELF
from recordgate_streams.decider.decide import decide
from recordgate_streams.lanes.outcome import RECEIPTS, Verdict, for_queue, for_view
from recordgate_streams.ledger.rows import CurrentDecision
from recordgate_streams.policy.decision import Decision, Objection
from tests.support.builders import BODY, NHS_NUMBER, NOW, RULESET, case, entry, stored

NOTHING = None
REASON = {
    Outcome.RELEASED: (),
    Outcome.RELEASED_REDACTED: (Reason.FREE_TEXT_DROPPED,),
    Outcome.HELD: (Reason.THIRD_PARTY,),
    Outcome.WITHHELD: (Reason.SOURCE_HIDE,),
    Outcome.NOT_ELIGIBLE: (Reason.DECLINED,),
    Outcome.DEFERRED: (Reason.DRAFT,),
}


def verdict(outcome: Outcome, before: Outcome | None, **overrides: Any) -> Verdict:
    objections = tuple(Objection(reason, outcome, {}) for reason in REASON[outcome])
    decision = Decision(SELF, outcome, objections, RULESET.hash)
    previous = None
    if before is not None:
        previous = CurrentDecision(entry().entry_id, SELF, 1, before, None, b"other")
    return Verdict(stored(), decision, 3, NOW, NOW - timedelta(seconds=1), previous, **overrides)


TABLE = [
    # was                         becomes                     the view is told   the queue is told
    (None, Outcome.RELEASED, Release, NOTHING),
    (None, Outcome.RELEASED_REDACTED, Release, NOTHING),
    (None, Outcome.HELD, NOTHING, HoldOpened),
    (None, Outcome.WITHHELD, NOTHING, NOTHING),
    (Outcome.RELEASED, Outcome.RELEASED_REDACTED, Release, NOTHING),
    (Outcome.RELEASED, Outcome.HELD, Retract, HoldOpened),
    (Outcome.RELEASED, Outcome.WITHHELD, Retract, NOTHING),
    (Outcome.RELEASED_REDACTED, Outcome.NOT_ELIGIBLE, Retract, NOTHING),
    (Outcome.RELEASED, Outcome.DEFERRED, Retract, NOTHING),
    (Outcome.HELD, Outcome.RELEASED, Release, HoldClosed),
    (Outcome.HELD, Outcome.HELD, NOTHING, HoldOpened),
    (Outcome.HELD, Outcome.NOT_ELIGIBLE, NOTHING, HoldClosed),
    (Outcome.WITHHELD, Outcome.NOT_ELIGIBLE, NOTHING, NOTHING),
]


@pytest.mark.parametrize(("before", "becomes", "view", "queue"), TABLE)
def test_an_entry_that_was_and_becomes(
    before: Outcome | None, becomes: Outcome, view: type | None, queue: type | None
) -> None:
    new = verdict(becomes, before)
    assert (view, queue) == (
        _kind(for_view(new, BODY)),
        _kind(for_queue(new, BODY, RULESET.reasons)),
    )


def _kind(told: object) -> type | None:
    return None if told is None else type(told)


def held_for(*reasons: Reason) -> Verdict:
    objections = tuple(Objection(reason, Outcome.HELD, {}) for reason in reasons)
    return Verdict(stored(), Decision(SELF, Outcome.HELD, objections, "r"), 3, NOW, NOW, None)


def test_a_hold_that_the_grants_own_task_stands_for_joins_no_queue_but_one_with_more_does() -> None:
    assert for_queue(held_for(Reason.PROXY_AGE), BODY, RULESET.reasons) is None
    both = for_queue(held_for(Reason.PROXY_AGE, Reason.COURT), BODY, RULESET.reasons)
    assert isinstance(both, HoldOpened)
    assert both.reasons == ("PROXY_AGE", "COURT")


def test_a_release_says_until_when_it_is_valid_and_another_end_is_told_anew() -> None:
    until = verdict(Outcome.RELEASED, None, valid_until=NOW)
    told = for_view(until, BODY)
    assert isinstance(told, Release)
    assert told.valid_until == NOW
    assert verdict(Outcome.RELEASED, None).digest != until.digest


def test_every_outcome_has_a_receipt() -> None:
    assert set(Outcome) == set(RECEIPTS)


def test_a_forced_verdict_is_told_again_although_nothing_changed() -> None:
    first = verdict(Outcome.HELD, None)
    known = CurrentDecision(entry().entry_id, SELF, 1, Outcome.HELD, None, first.digest)
    again = Verdict(first.stored, first.decision, 9, NOW, NOW, known)
    forced = Verdict(first.stored, first.decision, 9, NOW, NOW, known, forced=True)
    assert (again.changed, forced.changed) == (False, True)


def test_a_redacted_release_carries_the_hash_of_what_is_shown() -> None:
    elements = (Element(ElementKind.FREE_TEXT, "/note"),)
    objection = Objection(
        Reason.FREE_TEXT_DROPPED,
        Outcome.RELEASED_REDACTED,
        {},
        frozenset({ElementKind.FREE_TEXT}),
    )
    decision = Decision(SELF, Outcome.RELEASED_REDACTED, (objection,), RULESET.hash)
    told = for_view(
        Verdict(stored(entry=entry(elements=elements)), decision, 0, NOW, NOW, None), BODY
    )
    assert isinstance(told, Release)
    assert b"Seen today" not in told.body
    assert told.redacted
    assert entry(body=told.body).body_sha256 == told.body_sha256


def test_the_largest_entry_still_fits_when_it_is_released_or_held() -> None:
    """A message over its topic's limit would be poison to the sink: its sequence number never closes."""
    room = ENTRIES.max_bytes - len(codec.encode(ENTRIES, entry(body=b""))) - 4
    largest = entry(body=b"x" * room, third_party=ThirdParty.PRESENT)
    assert len(codec.encode(ENTRIES, largest)) <= ENTRIES.max_bytes
    held = Verdict(
        stored(entry=largest), decide(case(entry=largest), RULESET.hash), 0, NOW, NOW, None
    )
    hold = for_queue(held, largest.body, RULESET.reasons)
    assert isinstance(hold, HoldOpened)
    shown = for_view(verdict(Outcome.RELEASED, None), largest.body)
    assert isinstance(shown, Release)
    wrapped = (
        (HELD, Held(10**12, NHS_NUMBER, NOW, hold)),
        (RELEASED, Released(10**12, NHS_NUMBER, 10**12, NOW, shown)),
    )
    for topic, message in wrapped:
        assert len(codec.encode(topic, message)) <= topic.max_bytes
