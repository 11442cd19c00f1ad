"""Leases: one holder at a time, a sign of life, an end by itself, and a number that fences off whoever comes late."""

from datetime import timedelta

import pytest

from recordgate_consumers.review.deciding import decide
from recordgate_consumers.review.desk import Conflict
from recordgate_consumers.review.items import Seen
from recordgate_consumers.review.leases import Lease, claim, claim_next, free, free_all, heartbeat
from recordgate_consumers.review.rules import Decision, Role
from recordgate_consumers.review.workflow import Action, State, What
from recordgate_schemas.messages import Queue
from tests.support.consumers import OTHER_PRACTICE, at, opened, patient
from tests.support.review import LEASE, RELEASE, WITHHOLD, ReviewDatabase
from tests.support.signing import SERVICE

ALICE = patient(1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def review(review: ReviewDatabase) -> ReviewDatabase:
    """With one hold in its queue."""
    review.publish(opened(0, ALICE))
    return review


def lease_of(review: ReviewDatabase, name: str) -> Lease:
    return claim(review.desk(name), review.holds()[0].id)


def test_an_item_has_one_holder(review: ReviewDatabase) -> None:
    lease_of(review, "ann")
    with pytest.raises(Conflict, match="ann has it"):
        lease_of(review, "ben")
    assert claim_next(review.desk("ben"), What.HOLD) is None
    assert review.holds()[0].leased_by(review.clock.instant) == "ann"


def test_a_lease_ends_by_itself_and_its_holder_cannot_decide_any_more(
    review: ReviewDatabase,
) -> None:
    lease, seen = lease_of(review, "ann"), Seen.of(review.holds()[0])
    review.clock.instant += LEASE
    with pytest.raises(Conflict, match="ended"):
        decide(review.desk("ann"), lease, seen, RELEASE, SERVICE)
    with pytest.raises(Conflict, match="ended"):
        heartbeat(review.desk("ann"), lease)
    assert review.holds()[0].leased_by(review.clock.instant) is None


def test_a_holder_whose_clock_is_slow_is_fenced_off_by_the_number(review: ReviewDatabase) -> None:
    slow = lease_of(review, "ann")
    seen = Seen.of(review.holds()[0])
    review.clock.instant += LEASE
    newer = lease_of(review, "ben")
    assert newer.number > slow.number
    review.clock.instant -= LEASE  # her process believes that her lease is in force
    with pytest.raises(Conflict, match="ben has it"):
        decide(review.desk("ann"), slow, seen, RELEASE, SERVICE)
    assert decide(review.desk("ben"), newer, seen, RELEASE, SERVICE).state is State.DECIDED


def test_a_second_page_of_the_same_reviewer_fences_off_the_first(review: ReviewDatabase) -> None:
    first, second = lease_of(review, "ann"), lease_of(review, "ann")
    seen = Seen.of(review.holds()[0])
    with pytest.raises(Conflict, match="ann has it"):
        decide(review.desk("ann"), first, seen, RELEASE, SERVICE)
    decide(review.desk("ann"), second, seen, RELEASE, SERVICE)


def test_a_sign_of_life_keeps_a_lease(review: ReviewDatabase) -> None:
    lease = lease_of(review, "ann")
    for _ in range(3):
        review.clock.instant += LEASE - MOMENT
        lease = heartbeat(review.desk("ann"), lease)
    assert lease.until == review.clock.instant + LEASE
    with pytest.raises(Conflict, match="ann has it"):
        lease_of(review, "ben")


def test_cancelling_frees_an_item_and_only_its_holder_can(review: ReviewDatabase) -> None:
    lease = lease_of(review, "ann")
    free(review.desk("ben"), lease)
    with pytest.raises(Conflict, match="ann has it"):
        lease_of(review, "ben")
    free(review.desk("ann"), lease)
    lease_of(review, "ben")
    free(review.desk("ann"), lease)  # late: it is somebody else's by now
    with pytest.raises(Conflict, match="ben has it"):
        lease_of(review, "ann")


def test_signing_out_frees_everything(review: ReviewDatabase) -> None:
    review.publish(opened(1, ALICE, "e2"), opened(2, ALICE, "e3"))
    for item in review.holds()[:2]:
        claim(review.desk("ann"), item.id)
    claim(review.desk("ben"), review.holds()[2].id)
    assert free_all(review.desk("ann")) == 2
    holders = [item.lease_holder for item in review.holds()]
    assert holders == [None, None, "ben"]


@pytest.mark.parametrize("decision", [RELEASE, WITHHOLD, Decision(Action.NOT_MINE)])
def test_deciding_frees_an_item(review: ReviewDatabase, decision: Decision) -> None:
    review.decide(decision)
    assert review.owner.execute("select lease_holder, lease_until from work_item").fetchall() == [
        (None, None)
    ]


def test_an_item_that_moves_to_another_practice_is_nobodys(review: ReviewDatabase) -> None:
    lease, seen = lease_of(review, "ann"), Seen.of(review.holds()[0])
    review.publish(opened(1, ALICE, practice=OTHER_PRACTICE))
    with pytest.raises(Conflict, match="no such item"):
        decide(review.desk("ann"), lease, seen, RELEASE, SERVICE)
    (item,) = review.desk("eve", practice=OTHER_PRACTICE).page(What.HOLD)
    assert item.lease_holder is None


def test_two_reviewers_who_ask_at_once_are_given_different_items_and_wait_for_nobody(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(1, ALICE, "e2"))
    ann, ben = (review.desk(name, connection=review.session()) for name in ("ann", "ben"))
    with ann.connection.transaction():
        first = claim_next(ann, What.HOLD)
        second = claim_next(ben, What.HOLD)  # while the first is not committed
    assert first is not None
    assert second is not None
    assert first.item_id != second.item_id


def test_the_next_item_is_the_first_that_the_reviewer_may_decide(review: ReviewDatabase) -> None:
    review.publish(
        opened(1, ALICE, "clinician", queue=Queue.CLINICIAN),
        opened(2, ALICE, "later", when=at(1)),
        opened(3, ALICE, "system", queue=Queue.SYSTEM, reasons=("STATE_UNKNOWN",)),
    )
    entries = {item.id: item.entry_id for item in review.holds()}

    def next_of(name: str, role: Role) -> str | None:
        lease = claim_next(review.desk(name, role), What.HOLD)
        return entries[lease.item_id] if lease else None

    assert next_of("adam", Role.ADMIN) == "e1"
    assert next_of("adam", Role.ADMIN) == "later"
    assert next_of("adam", Role.ADMIN) is None
    assert next_of("ann", Role.GP) == "clinician"
    free_all(review.desk("adam"))
    review.decide(Decision(Action.NOT_MINE), review.desk("ann"), "e1")
    review.decide(Decision(Action.NOT_MINE, to_reviewer="ben"), review.desk("ben"), "later")
    assert next_of("ann", Role.GP) is None  # passed on by her, the other is somebody else's
