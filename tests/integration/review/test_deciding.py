"""Decisions on a real database: bound to what was seen, taken once, by two persons where needed, undone in time."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from recordgate_consumers.review.deciding import decide, undo
from recordgate_consumers.review.desk import Conflict, Desk
from recordgate_consumers.review.items import Item, Seen, why_next
from recordgate_consumers.review.leases import claim
from recordgate_consumers.review.relay import relay
from recordgate_consumers.review.rules import Decision, Refused, Role
from recordgate_consumers.review.upkeep import pass_time
from recordgate_consumers.review.workflow import Action, State, What
from recordgate_schemas.control import ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.messages import Held, Queue, TaskKind
from recordgate_schemas.values import EntryId
from tests.support.consumers import (
    NOW,
    OTHER_PRACTICE,
    at,
    closed,
    opened,
    patient,
    task_opened,
)
from tests.support.review import RELEASE, UNDO, WITHHOLD, ReviewDatabase
from tests.support.signing import SERVICE

ALICE, BOB = patient(1), patient(2)
SAFEGUARDING = ("SAFEGUARDING",)


def states(review: ReviewDatabase) -> list[str]:
    rows = review.owner.execute("select state from work_item order by entry_id, nhs_number")
    return [state for (state,) in rows]


def events(review: ReviewDatabase) -> list[tuple[str, str]]:
    rows = review.owner.execute("select reviewer, action from review_event order by id")
    return [(reviewer, action) for reviewer, action in rows]


def one(desk: Desk) -> Item:
    (item,) = desk.page(What.HOLD)
    return item


def as_(review: ReviewDatabase, name: str, decision: Decision, role: Role = Role.GP) -> State:
    return review.decide(decision, review.desk(name, role)).state


def test_an_outcome_and_the_decided_hold_are_one_transaction(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    decided = review.decide()
    assert (decided.state, decided.undo_until) == (State.DECIDED, NOW + UNDO)
    (control,) = review.outbox()
    assert control.nhs_number == ALICE
    assert isinstance(control.change, Reviewed)
    assert (control.change.entry_id, control.change.control_position) == (EntryId("e1"), 5)
    assert control.change.ruleset == "ruleset-1"
    assert (states(review), review.holds()) == (["decided"], [])
    assert events(review) == [("ann", "release")]


def test_what_waits_for_a_clinician_stays_open_when_somebody_else_releases_it(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE, queue=Queue.CLINICIAN))
    with pytest.raises(Refused, match="clinician"):
        as_(review, "adam", RELEASE, Role.ADMIN)
    assert (states(review), review.outbox()) == (["open"], [])
    review.clock.instant += timedelta(hours=1)
    assert as_(review, "ann", RELEASE, Role.GP) is State.DECIDED


@pytest.mark.parametrize(
    ("again", "change"),
    [
        (opened(1, ALICE, version=2), "version 2 in place of 1"),
        (opened(1, ALICE, reasons=("COURT", "LINKED")), "new reasons: COURT"),
        (opened(1, ALICE, reasons=("COURT",)), "reasons that are gone: LINKED"),
        (opened(1, ALICE), "decided again, with the same result"),
        (closed(1, ALICE), "closed: RELEASED"),
    ],
)
def test_a_hold_that_changed_since_it_was_seen_is_not_decided(
    review: ReviewDatabase, again: Held, change: str
) -> None:
    review.publish(opened(0, ALICE))
    desk = review.desk()
    seen, lease = Seen.of(one(desk)), claim(desk, one(desk).id)
    review.publish(again)
    with pytest.raises(Conflict, match=change):
        decide(desk, lease, seen, RELEASE, SERVICE)
    assert review.outbox() == []


def test_a_hold_is_decided_once(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    desk = review.desk()
    seen, lease = Seen.of(one(desk)), claim(desk, one(desk).id)
    decide(desk, lease, seen, RELEASE, SERVICE)
    for _ in range(2):
        with pytest.raises(Conflict, match="ann has decided it"):
            decide(desk, lease, seen, RELEASE, SERVICE)
    with pytest.raises(Conflict, match="it is decided"):
        claim(desk, lease.item_id)
    assert len(review.outbox()) == 1


def test_a_decided_hold_the_decider_opens_again_is_open_with_the_new_content(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE))
    review.decide()
    review.publish(opened(0, ALICE))  # the same message again is no news
    assert review.holds() == []
    review.publish(opened(1, ALICE, version=2, when=at(30)))
    (hold,) = review.holds()
    assert (hold.version, hold.opened_at, hold.decided_by) == (2, NOW, None)
    review.decide()
    assert review.outcomes() == [("e1", ReviewAction.RELEASE)]


def test_a_release_that_newer_content_overtakes_is_never_sent_and_a_withholding_is(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE, "a"), opened(1, ALICE, "b"), opened(2, ALICE, "c"))
    review.decide(RELEASE, entry="a")
    review.decide(WITHHOLD, entry="b")
    review.decide(RELEASE, entry="c")
    review.publish(opened(3, ALICE, "a"), opened(4, ALICE, "b"), closed(5, ALICE, "c"))
    assert review.outcomes() == [("b", ReviewAction.WITHHOLD)]
    assert states(review) == ["open", "open", "closed"]
    assert events(review)[-2:] == [("decider", "cancel")] * 2


def test_a_later_fact_closes_an_item_whatever_its_state_and_says_why(
    review: ReviewDatabase,
) -> None:
    review.publish(*(opened(n, ALICE, f"e{n}", reasons=SAFEGUARDING) for n in range(3)))
    review.decide(WITHHOLD, entry="e0")
    review.decide(RELEASE, entry="e1")  # waits for a second opinion
    claim(review.desk(), review.holds()[-1].id)
    review.publish(*(closed(3 + n, ALICE, f"e{n}", outcome="NOT_ELIGIBLE") for n in range(3)))
    kept = review.owner.execute(
        "select distinct state, closed_because, lease_holder, opinion from work_item"
    ).fetchall()
    assert kept == [("closed", "NOT_ELIGIBLE", None, None)]


def test_safeguarding_is_released_by_two_persons_who_agree(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, reasons=SAFEGUARDING))
    assert as_(review, "ann", RELEASE) is State.SECOND_OPINION
    assert review.outbox() == []
    with pytest.raises(Refused, match="you have given your opinion"):
        as_(review, "ann", RELEASE)
    review.clock.instant += timedelta(hours=1)
    assert as_(review, "ben", RELEASE) is State.DECIDED
    assert review.outcomes() == [("e1", ReviewAction.RELEASE)]


def test_two_persons_who_disagree_leave_it_to_a_third_who_is_a_clinician(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE, reasons=SAFEGUARDING))
    as_(review, "ann", RELEASE)
    assert as_(review, "ben", WITHHOLD, Role.ADMIN) is State.DISAGREEMENT
    assert review.outbox() == []
    assert one(review.desk()).queue == "clinician"
    for name, role, rule in (
        ("ann", Role.GP, "you have given"),
        ("ben", Role.GP, "you have given"),
        ("cyd", Role.ADMIN, "clinician"),
    ):
        with pytest.raises(Refused, match=rule):
            as_(review, name, WITHHOLD, role)
        review.clock.instant += timedelta(hours=1)
    assert as_(review, "dee", WITHHOLD, Role.NURSE) is State.DECIDED
    assert review.outcomes() == [("e1", ReviewAction.WITHHOLD)]


def test_the_second_person_does_not_see_the_first_opinion(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    as_(review, "ann", Decision(Action.SECOND_OPINION, proposes=Action.RELEASE))
    item = one(review.desk("ben"))
    assert (item.state, item.opinion_by) == ("second_opinion", ["ann"])
    assert not hasattr(item, "opinion")
    assert as_(review, "ben", RELEASE) is State.DECIDED


def test_an_opinion_about_older_content_counts_no_more(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, reasons=SAFEGUARDING))
    as_(review, "ann", RELEASE)
    review.publish(opened(1, ALICE, reasons=SAFEGUARDING, version=2))
    assert as_(review, "ben", RELEASE) is State.SECOND_OPINION
    assert review.outbox() == []


def test_a_withholding_needs_one_person_and_is_sent_at_once(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, reasons=SAFEGUARDING))
    assert as_(review, "ann", WITHHOLD) is State.DECIDED
    assert sent_now(review) == 1


def sent_now(review: ReviewDatabase) -> int:
    return relay(review.sink, lambda _: None, review.clock.instant)


def test_a_release_leaves_the_outbox_when_it_can_be_undone_no_more(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    review.decide()
    review.clock.instant += UNDO - timedelta(microseconds=1)
    assert sent_now(review) == 0
    review.clock.instant = NOW + UNDO
    assert sent_now(review) == 1
    with pytest.raises(Conflict, match="on its way"):
        undo(review.desk(), item_id(review))


def item_id(review: ReviewDatabase) -> UUID:
    ((found,),) = review.owner.execute("select id from work_item").fetchall()
    assert isinstance(found, UUID)
    return found


def test_an_undone_release_is_open_again_and_is_never_sent(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    review.decide()
    with pytest.raises(Refused, match="ann decided it"):
        undo(review.desk("ben"), item_id(review))
    undo(review.desk(), item_id(review))
    assert states(review) == ["open"]
    review.clock.instant += UNDO
    assert sent_now(review) == 0
    review.decide()  # another decision about the same state has an id of its own
    review.clock.instant += UNDO
    assert sent_now(review) == 1
    assert len(review.outbox()) == 1


def test_what_may_have_been_sent_before_a_crash_is_not_undone(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    review.decide()

    def crash(_: object) -> None:
        raise RetryableError("killed while it was sending")

    with pytest.raises(RetryableError):
        relay(review.sink, crash, NOW + UNDO)
    with pytest.raises(Conflict, match="on its way"):
        undo(review.desk(), item_id(review))
    review.publish(opened(1, ALICE, version=2))  # nor kept back any more: the decider refuses it
    assert relay(review.sink, lambda _: None, NOW + UNDO) == 1


def test_a_hold_whose_outcome_changed_nothing_is_looked_at_again(review: ReviewDatabase) -> None:
    """The outcome was refused, for instance because the service's key is not known for the practice."""
    review.publish(opened(0, ALICE))
    review.decide(WITHHOLD)
    hour = timedelta(hours=1)
    pass_time(review.sink, NOW + 24 * hour)
    assert states(review) == ["decided"]  # it has not been sent: the decider cannot have answered
    assert sent_now(review) == 1
    pass_time(review.sink, NOW + hour - timedelta(seconds=1))
    assert states(review) == ["decided"]
    pass_time(review.sink, NOW + hour)
    assert (states(review), events(review)[-1]) == (["open"], ("time", "unanswered"))
    review.decide(WITHHOLD)
    pass_time(review.sink, NOW + 24 * hour)
    assert states(review) == ["decided"]
    assert sent_now(review) == 1


@pytest.mark.parametrize("days", [0, 29])
def test_nothing_waits_for_ever(review: ReviewDatabase, days: int) -> None:
    review.publish(opened(0, ALICE))
    with pytest.raises(Refused, match="28 days"):
        review.decide(Decision(Action.WAIT, until=NOW + timedelta(days=days)))


def test_what_waits_is_in_no_queue_until_its_day_and_keeps_its_due_date(
    review: ReviewDatabase,
) -> None:
    review.publish(opened(0, ALICE))
    before = review.holds()[0]
    review.decide(Decision(Action.WAIT, until=NOW + timedelta(days=20)))
    pass_time(review.sink, NOW + timedelta(days=19))
    assert (review.holds(), states(review)) == ([], ["waiting"])
    (waits,) = review.desk().waiting(What.HOLD)
    assert (waits.id, waits.owner) == (before.id, "practice")
    assert why_next(waits, NOW).endswith("; waiting until 2026-12-10")
    assert review.desk(practice=OTHER_PRACTICE).waiting(What.HOLD) == []
    pass_time(review.sink, NOW + timedelta(days=20))
    assert review.desk().waiting(What.HOLD) == []
    (after,) = review.holds()
    assert (after.due_at, after.escalated) == (before.due_at, 100)


def test_an_item_goes_to_a_clinician_and_stays_there(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    as_(review, "adam", Decision(Action.ASK_CLINICIAN), Role.ADMIN)
    review.publish(opened(1, ALICE, version=2))
    assert one(review.desk()).queue == "clinician"
    review.publish(opened(2, ALICE, queue=Queue.SYSTEM))
    assert one(review.desk()).queue == "system"


def test_passing_it_on_takes_no_item_from_the_clinicians(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, queue=Queue.CLINICIAN))
    as_(review, "adam", Decision(Action.NOT_MINE, to_queue=Queue.PRACTICE), Role.ADMIN)
    with pytest.raises(Refused, match="waits for a clinician"):
        as_(review, "eve", RELEASE, Role.ADMIN)
    assert review.outbox() == []


def test_an_item_that_is_not_mine_goes_to_somebody_else(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    as_(review, "ann", Decision(Action.NOT_MINE, to_reviewer="ben"))
    item = one(review.desk())
    assert (item.owner, item.passed_by, item.state) == ("ben", ["ann"], "open")
    as_(review, "ben", Decision(Action.NOT_MINE, to_queue=Queue.CLINICIAN))
    item = one(review.desk())
    assert (item.owner, item.passed_by) == ("clinician", ["ann", "ben"])
    with pytest.raises(Refused, match="to_queue"):
        as_(review, "cyd", Decision(Action.NOT_MINE, to_queue=Queue.SYSTEM))


def test_a_task_is_done_put_off_or_passed_on_and_says_nothing_to_the_decider(
    review: ReviewDatabase,
) -> None:
    review.publish(*(task_opened(n, ALICE, entry=f"e{n}", kind=TaskKind.URGENT) for n in range(3)))
    desk = review.desk()
    decisions = (
        Decision(Action.DONE),
        Decision(Action.WAIT, until=at(24)),
        Decision(Action.ASK_CLINICIAN),
    )
    for decision in decisions:
        item = next(t for t in desk.page(What.TASK) if t.queue == "practice")
        decide(desk, claim(desk, item.id), Seen.of(item), decision, SERVICE)
    assert sorted(states(review)) == ["decided", "open", "waiting"]
    assert review.outbox() == []
    item = desk.page(What.TASK)[0]
    with pytest.raises(Refused, match="release is not possible for a task"):
        decide(desk, claim(desk, item.id), Seen.of(item), RELEASE, SERVICE)


def test_serious_harm_is_withheld_with_a_clinicians_opinion(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE, "a"), opened(1, ALICE, "b"))
    harm = Decision(Action.WITHHOLD, ReviewGround.SERIOUS_HARM)
    with pytest.raises(Refused, match="clinician"):
        as_(review, "adam", harm, Role.ADMIN)
    review.clock.instant += timedelta(hours=1)
    as_(review, "ann", harm)
    of_june = Decision(Action.WITHHOLD, ReviewGround.SERIOUS_HARM, date(2026, 6, 1))
    as_(review, "adam", of_june, Role.ADMIN)
    given = [
        c.change.clinician_opinion_on for c in review.outbox() if isinstance(c.change, Reviewed)
    ]
    assert given == [NOW.date(), date(2026, 6, 1)]


def test_every_reading_of_an_entry_is_recorded(review: ReviewDatabase) -> None:
    review.publish(opened(0, ALICE))
    item, body, body_type = review.desk().read(item_id(review))
    assert (item.entry_id, body_type) == ("e1", "application/fhir+json")
    assert body is not None
    assert events(review) == [("ann", "read")]
