"""From a decision to what the view, the review queue and the publisher are informed of."""

from dataclasses import replace
from typing import Any

import pytest

from recordgate_schemas import codec
from recordgate_schemas.entry import Element, ElementKind, ThirdParty
from recordgate_schemas.messages import (
    Held,
    HoldClosed,
    HoldOpened,
    Release,
    Released,
    Retract,
)
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.topics import ENTRIES, HELD, RELEASED, Topic
from recordgate_schemas.values import SELF
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.decider.record import CurrentDecision, DecisionUpdate
from recordgate_streams.lanes.messages import (
    RECEIPT_CLASSES,
    hold_change,
    reference_to,
    release_or_retraction,
)
from recordgate_streams.ledger.outgoing import Numbered, complete
from recordgate_streams.ledger.rows import Outgoing
from recordgate_streams.policy.decision import Decision, Objection
from tests.support.builders import NHS_NUMBER, NOW, RULESET, accepted, case, decide, entry

NOTHING = None
REASON = {
    Outcome.RELEASED: (),
    Outcome.RELEASED_REDACTED: (Reason.FREE_TEXT_DROPPED,),
    Outcome.HELD: (Reason.THIRD_PARTY,),
    Outcome.WITHHELD: (Reason.SOURCE_HIDE,),
    Outcome.NOT_ELIGIBLE: (Reason.DECLINED,),
    Outcome.DEFERRED: (Reason.DRAFT,),
}


def decision_of(outcome: Outcome, *reasons: Reason) -> Decision:
    objections = tuple(Objection(reason, outcome, {}) for reason in reasons or REASON[outcome])
    return Decision(SELF, outcome, objections, RULESET.hash)


def update(decision: Decision, before: Outcome | None = None, **overrides: Any) -> DecisionUpdate:
    """A decision about E0, beside one of this outcome in force."""
    previous = CurrentDecision(1, before, None, b"other", RULESET.hash) if before else None
    fields = {"valid_until": None, "released_under": None, **overrides}
    return DecisionUpdate(accepted(), decision, previous, **fields)


def to_view(one: DecisionUpdate) -> Release | Retract | None:
    return release_or_retraction(one)


def to_queue(one: DecisionUpdate) -> HoldOpened | HoldClosed | None:
    return hold_change(one, 3, RULESET.reasons)


def published(one: DecisionUpdate, topic: Topic, change: Release | HoldOpened) -> Outgoing:
    """The message with this change about E0 as the broker gets it."""
    number = 10**12
    message = (
        Released(2**62, number, NHS_NUMBER, number, NOW, change)
        if isinstance(change, Release)
        else Held(2**62, number, NHS_NUMBER, NOW, change)
    )
    reference = reference_to(one, change)
    draft = Numbered(b"key", lambda _: message, reference).draft(topic, number)
    return complete(BodyReader(), topic, 0, draft, one.accepted.entry)


TABLE = [
    # was                         becomes                     view     queue
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
def test_view_and_queue_are_informed_of_an_entry_that_was_and_becomes(
    before: Outcome | None, becomes: Outcome, view: type | None, queue: type | None
) -> None:
    new = update(decision_of(becomes), before)
    assert (view, queue) == (_kind(to_view(new)), _kind(to_queue(new)))


def _kind(message: object) -> type | None:
    return None if message is None else type(message)


def test_a_hold_that_the_grants_own_task_covers_joins_no_queue_but_one_with_more_does() -> None:
    assert to_queue(update(decision_of(Outcome.HELD, Reason.PROXY_AGE))) is None
    both = to_queue(update(decision_of(Outcome.HELD, Reason.PROXY_AGE, Reason.COURT)))
    assert isinstance(both, HoldOpened)
    assert both.reasons == ("PROXY_AGE", "COURT")
    assert both.decided_under == 3


def test_a_release_carries_its_end_and_another_end_is_another_decision() -> None:
    until = update(decision_of(Outcome.RELEASED), valid_until=NOW)
    release = to_view(until)
    assert isinstance(release, Release)
    assert release.valid_until == NOW
    assert update(decision_of(Outcome.RELEASED)).digest != until.digest


def test_every_outcome_has_a_receipt() -> None:
    assert set(Outcome) == set(RECEIPT_CLASSES)


def test_a_redacted_release_carries_the_hash_of_what_is_shown() -> None:
    drop = frozenset({ElementKind.FREE_TEXT})
    objection = Objection(Reason.FREE_TEXT_DROPPED, Outcome.RELEASED_REDACTED, {}, drop)
    decision = Decision(SELF, Outcome.RELEASED_REDACTED, (objection,), RULESET.hash)
    noted = accepted(entry(elements=(Element(ElementKind.FREE_TEXT, "/note"),)))
    one = DecisionUpdate(noted, decision, None, None, None)
    release = to_view(one)
    assert isinstance(release, Release)
    shown = codec.decode(RELEASED, published(one, RELEASED, release).value).change
    assert b"Seen today" in noted.entry.body
    assert b"Seen today" not in shown.body
    assert shown.redacted
    assert entry(body=shown.body).body_sha256 == shown.body_sha256
    assert replace(shown, body=b"", body_sha256=release.body_sha256) == release


def test_the_largest_entry_still_fits_when_it_is_released_or_held() -> None:
    """A message over its topic's limit would be poison to the sink: its sequence number never closes."""
    room = ENTRIES.max_bytes - len(codec.encode(ENTRIES, entry(body=b""))) - 4
    largest = entry(body=b"x" * room, third_party=ThirdParty.PRESENT)
    assert len(codec.encode(ENTRIES, largest)) <= ENTRIES.max_bytes
    held = DecisionUpdate(accepted(largest), decide(case(entry=largest)), None, None, None)
    hold = to_queue(held)
    assert isinstance(hold, HoldOpened)
    released = DecisionUpdate(accepted(largest), decision_of(Outcome.RELEASED), None, None, None)
    release = to_view(released)
    assert isinstance(release, Release)
    for topic, message in (
        (HELD, published(held, HELD, hold)),
        (RELEASED, published(released, RELEASED, release)),
    ):
        assert len(message.value) <= topic.max_bytes
        assert codec.decode(topic, message.value).change.body == largest.body


ENDINGS = [
    replace(decision_of(outcome), pointers=pointers)
    for outcome in Outcome
    for pointers in ((), ("/note",))
] + [decision_of(Outcome.HELD, Reason.PROXY_AGE), decision_of(Outcome.HELD, Reason.COURT)]
"""A decision of every outcome, in several contents."""


@pytest.mark.parametrize("told", ENDINGS, ids=lambda d: f"{d.outcome.value}{d.pointers}")
def test_after_a_message_with_a_body_another_decision_gives_a_number_on_its_topic(
    told: Decision,
) -> None:
    """So a digest that is not in force any more means that a newer number was given (INVARIANT of reference_to)."""
    first = update(told)
    assert first.in_force().digest == first.digest
    for then in ENDINGS:
        newer = replace(update(then), previous=first.in_force())
        if newer.changed and isinstance(to_view(first), Release):
            assert to_view(newer) is not None
        if newer.changed and isinstance(to_queue(first), HoldOpened):
            assert to_queue(newer) is not None
