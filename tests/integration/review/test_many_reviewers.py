"""Many reviewers on one queue, in any order and at once: each state of a hold is decided once, by who had seen it."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from recordgate_consumers.review.deciding import decide, undo
from recordgate_consumers.review.desk import Conflict, Desk
from recordgate_consumers.review.items import Item, Seen
from recordgate_consumers.review.leases import Lease, claim, claim_next
from recordgate_consumers.review.relay import relay
from recordgate_consumers.review.rules import Refused
from recordgate_consumers.review.workflow import IN_QUEUE, State, What
from recordgate_deploy.waiting import await_true
from recordgate_schemas import codec
from recordgate_schemas.control import Control, Reviewed
from recordgate_schemas.messages import Held as Message
from recordgate_schemas.topics import CONTROLS
from tests.support.consumers import closed, opened, patient
from tests.support.review import LEASE, RELEASE, WITHHOLD, ReviewDatabase
from tests.support.signing import SERVICE

ALICE = patient(1)
NAMES = ("ann", "ben", "cyd")
ENTRIES = ("e0", "e1")
STATE = tuple[UUID, int]
"""A hold in one of its states: the item and the sequence number of what the decider published."""


def states_of_outcomes(review: ReviewDatabase) -> Counter[STATE]:
    """How often each state of a hold has an outcome that was or will be sent."""
    rows = review.owner.execute("select item_id, sequence from outbox where cancelled_at is null")
    return Counter((item_id, sequence) for item_id, sequence in rows)


def bound_to(review: ReviewDatabase) -> dict[STATE, int]:
    """The version that each outcome is bound to."""
    rows = review.owner.execute("select item_id, sequence, control from outbox")
    found = {}
    for item_id, sequence, encoded in rows:
        control: Control = codec.decode(CONTROLS, bytes(encoded))
        assert isinstance(control.change, Reviewed)
        found[item_id, sequence] = control.change.entry_version
    return found


@dataclass(frozen=True)
class Held:
    """What a reviewer of the machine has in hand: a lease, and the item as it was read then."""

    name: str
    lease: Lease
    item: Item


class Reviewers(RuleBasedStateMachine):
    """Three reviewers, two holds, a decider that publishes, a relay, and time; a model says who may decide."""

    def __init__(self, review: ReviewDatabase) -> None:
        super().__init__()
        self.review = review
        review.empty()
        self.sequence = 0
        self.held: list[Held] = []
        self.newest: dict[UUID, int] = {}
        self.sent: set[STATE] = set()
        self.publish(0)
        self.publish(1)

    @rule(entry=st.integers(0, 1))
    def publish(self, entry: int) -> None:
        """The decider publishes a newer version of a held entry."""
        self.sequence += 1
        message = opened(self.sequence, ALICE, ENTRIES[entry], version=self.sequence)
        self.review.publish(message)

    @rule(entry=st.integers(0, 1))
    def close(self, entry: int) -> None:
        """A later fact closes the hold."""
        self.sequence += 1
        self.review.publish(closed(self.sequence, ALICE, ENTRIES[entry]))

    @rule(who=st.sampled_from(NAMES), entry=st.integers(0, 1))
    def take(self, who: str, entry: int) -> None:
        """A reviewer claims an item, if it is free, and reads it."""
        desk = self.review.desk(who)
        for item in desk.page(What.HOLD):
            if item.entry_id == ENTRIES[entry]:
                free = item.leased_by(self.now) in (None, who)
                with suppress(Conflict):
                    lease = claim(desk, item.id)
                    assert free
                    self.newest[item.id] = lease.number
                    self.held.append(Held(who, lease, desk.item(item.id)))

    @rule(minutes=st.sampled_from([1, 9]))
    def wait(self, minutes: int) -> None:
        """Time passes, up to nearly a lease."""
        self.review.clock.instant += timedelta(minutes=minutes)

    @rule(place=st.integers(0, 30), withhold=st.booleans())
    def decide(self, place: int, *, withhold: bool) -> None:
        """A reviewer decides what she has, or had at any time before; it counts if nothing has changed."""
        if not self.held:
            return
        one = self.held[place % len(self.held)]
        desk = self.review.desk(one.name)
        before = self.item(one.lease.item_id)
        may = (
            before.state in IN_QUEUE
            and self.newest[before.id] == one.lease.number
            and one.lease.until > self.now
            and before.lease_holder == one.name
            and before.sequence == one.item.sequence
        )
        try:
            decide(desk, one.lease, Seen.of(one.item), WITHHOLD if withhold else RELEASE, SERVICE)
        except Conflict:
            assert not may
        else:
            assert may
            assert self.item(before.id).state == State.DECIDED

    @rule(who=st.sampled_from(NAMES), entry=st.integers(0, 1))
    def undo(self, who: str, entry: int) -> None:
        """A reviewer takes a decision back; what was sent stays."""
        for item_id, sequence in list(states_of_outcomes(self.review)):
            if self.item(item_id).entry_id == ENTRIES[entry]:
                with suppress(Conflict, Refused):
                    undo(self.review.desk(who), item_id)
                    assert (item_id, sequence) not in self.sent

    @rule()
    def relay(self) -> None:
        """The relay sends what can be undone no more."""

        def send(_: object) -> None:
            rows = self.review.owner.execute(
                "select item_id, sequence from outbox where taken_at is not null"
            )
            self.sent |= set(rows.fetchall())

        relay(self.review.sink, send, self.now)

    @invariant()
    def each_state_is_decided_once_as_it_was_seen(self) -> None:
        """No state has two outcomes, none is bound to another version, what was sent is not cancelled."""
        found = states_of_outcomes(self.review)
        assert not found or max(found.values()) == 1
        assert self.sent <= set(found)
        # version and sequence are the same number in this machine
        assert all(version == sequence for (_, sequence), version in bound_to(self.review).items())

    @property
    def now(self) -> datetime:
        """The time all reviewers have."""
        return self.review.clock.instant

    def item(self, item_id: UUID) -> Item:
        """An item as it is now."""
        return self.review.desk().item(item_id)


def test_whatever_reviewers_do_in_whatever_order(review: ReviewDatabase) -> None:
    profile = settings()
    examples = max(12, profile.max_examples if not profile.derandomize else 0)
    few = settings(profile, max_examples=examples, stateful_step_count=30)
    run_state_machine_as_test(partial(Reviewers, review), settings=few)  # type: ignore[arg-type]


HOLDS, THREADS = 60, 12


def test_twelve_reviewers_at_once_while_content_changes_and_leases_end(
    review: ReviewDatabase,
) -> None:
    """Whatever the threads' order: one decision a state, none about unseen content, nothing left over."""
    review.publish(*(opened(n, ALICE, f"e{n}") for n in range(HOLDS)))
    start = threading.Barrier(THREADS + 1)
    accepted: list[Seen] = []

    def work(desk: Desk) -> None:
        for _ in range(20 * HOLDS):
            lease = claim_next(desk, What.HOLD)
            if lease is None:
                return
            with suppress(Conflict):
                item, body, _ = desk.read(lease.item_id)
                assert body is not None
                decide(desk, lease, Seen.of(item), RELEASE, SERVICE)
                accepted.append(Seen.of(item))

    def disturb() -> None:
        for n in range(HOLDS // 2):
            review.publish(opened(HOLDS + n, ALICE, f"e{n}", version=2 + n))
            review.clock.instant += LEASE / 3  # whoever is slow loses what she has
            relay(review.sink, lambda _: None, review.clock.instant)

    def at_once(job: Callable[[], None]) -> None:
        start.wait(timeout=60)
        job()

    desks = [review.desk(f"r{n}", connection=review.session()) for n in range(THREADS)]
    jobs: list[Callable[[], None]] = [partial(work, desk) for desk in desks]
    with ThreadPoolExecutor(THREADS + 1) as pool:
        for running in [pool.submit(at_once, job) for job in [*jobs, disturb]]:
            running.result(timeout=120)
    review.clock.instant += LEASE
    work(desks[0])  # what was opened again, or left with a lease, after everybody had looked
    assert_each_state_was_decided_once(review, accepted)


@pytest.mark.parametrize("again", [opened(1, ALICE, version=2), closed(1, ALICE, "e1")])
def test_who_decides_while_the_sink_writes_waits_and_is_refused(
    review: ReviewDatabase, again: Message
) -> None:
    """The newer content is not committed when the reviewer decides what she has seen."""
    review.publish(opened(0, ALICE))
    desk = review.desk(connection=review.session())
    (item,) = desk.page(What.HOLD)
    lease = claim(desk, item.id)
    with ThreadPoolExecutor(1) as pool:
        with review.sink.transaction():
            review.publish(again)
            deciding = pool.submit(decide, desk, lease, Seen.of(item), RELEASE, SERVICE)
            assert await_true(lambda: waits(review) or deciding.done(), timeout_s=20)
            assert waits(review)
        with pytest.raises(Conflict, match=r"version 2|closed"):
            deciding.result(timeout=20)
    assert review.outbox() == []


def waits(review: ReviewDatabase) -> bool:
    """Whether a session waits for another one's lock."""
    waiting = "select from pg_stat_activity where wait_event_type = 'Lock'"
    return bool(review.owner.execute(waiting).fetchall())


def assert_each_state_was_decided_once(review: ReviewDatabase, accepted: list[Seen]) -> None:
    """Everything is decided; what reviewers were answered is what is in the outbox, with what they saw."""
    rows = review.owner.execute("select distinct state from work_item").fetchall()
    assert rows == [("decided",)]
    answered = Counter((seen.item_id, seen.sequence) for seen in accepted)
    assert max(answered.values()) == 1
    assert bound_to(review) == {(one.item_id, one.sequence): one.version for one in accepted}
    current = review.owner.execute("select id, sequence from work_item").fetchall()
    assert set(current) <= set(states_of_outcomes(review))
