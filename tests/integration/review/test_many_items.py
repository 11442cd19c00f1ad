"""Several items decided at once: many withheld or passed on, few released, none about safeguarding."""

import pytest

from recordgate_consumers.review.deciding import decide_many
from recordgate_consumers.review.items import Seen
from recordgate_consumers.review.rules import Refused
from recordgate_schemas.control import ReviewAction
from tests.support.consumers import opened, patient
from tests.support.review import RELEASE, WITHHOLD, ReviewDatabase
from tests.support.signing import SERVICE

ALICE, BOB = patient(1), patient(2)
SAFEGUARDING = ("SAFEGUARDING",)


def test_many_are_withheld_at_once_and_one_that_changed_is_left(review: ReviewDatabase) -> None:
    review.publish(*(opened(n, ALICE, f"e{n}") for n in range(3)))
    seen = [Seen.of(item) for item in review.holds()]
    review.publish(opened(3, ALICE, "e1", version=2))
    failed = decide_many(review.desk(), seen, WITHHOLD, SERVICE)
    assert [hold.lease_holder for hold in review.holds()] == [None]
    assert [why for why in failed.values() if "version 2 in place of 1" in why] == list(
        failed.values()
    )
    assert set(review.outcomes()) == {("e0", ReviewAction.WITHHOLD), ("e2", ReviewAction.WITHHOLD)}


def test_few_are_released_at_once(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, "a"), opened(1, ALICE, "b"), opened(2, BOB, "c"))
    desk = review.desk()
    items = {item.entry_id: item for item in review.holds()}
    both = [Seen.of(items["a"]), Seen.of(items["b"])]
    with pytest.raises(Refused, match="one patient"):
        decide_many(desk, [*both, Seen.of(items["c"])], RELEASE, SERVICE)
    with pytest.raises(Refused, match="open one of them"):
        decide_many(desk, both, RELEASE, SERVICE)
    desk.read(items["a"].id)
    assert decide_many(desk, both, RELEASE, SERVICE) == {}
    assert set(review.outcomes()) == {("a", ReviewAction.RELEASE), ("b", ReviewAction.RELEASE)}


def test_safeguarding_is_never_decided_with_others(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, "a"), opened(1, ALICE, "b", reasons=SAFEGUARDING))
    seen = [Seen.of(item) for item in review.holds()]
    for decision in (RELEASE, WITHHOLD):
        with pytest.raises(Refused, match="safeguarding"):
            decide_many(review.desk(), seen, decision, SERVICE)
    assert review.outbox() == []
