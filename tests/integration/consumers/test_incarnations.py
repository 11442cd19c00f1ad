"""The sinks after a restore of the ledger: numbers of one incarnation only, and nothing readable before it is open."""

import pytest

from recordgate_consumers.review.review_sink import close_forgotten
from recordgate_consumers.view.sweep import Sweep
from recordgate_schemas.messages import IncarnationState
from recordgate_schemas.values import NhsNumber
from tests.support.consumers import (
    about_partition,
    closing,
    of_incarnation,
    opened,
    patient,
    redecided,
    registered,
    release,
    retract,
    task_opened,
)
from tests.support.review import ReviewDatabase
from tests.support.view import ViewDatabase

P = patient(1)
STARTED, OPEN = IncarnationState.STARTED, IncarnationState.OPEN


def tell_again(view: ViewDatabase, number: int, who: NhsNumber = P) -> None:
    """Begin an incarnation and publish the patient's entry, with a marker, up to the open message."""
    view.publish(about_partition(number, 0, STARTED))
    view.publish(of_incarnation(number, release(1, who, body=b"again", under=-1)))
    view.publish(of_incarnation(number, redecided(2, who, 0)))
    view.publish(about_partition(number, 3, OPEN))


def test_from_the_start_message_on_a_partition_is_dark_until_the_open_message(
    shown: ViewDatabase,
) -> None:
    shown.publish(about_partition(2, 0, STARTED))
    assert shown.bodies(P) == []
    shown.publish(of_incarnation(2, release(1, P, body=b"again")))
    assert shown.bodies(P) == []
    shown.publish(about_partition(2, 2, OPEN))
    assert shown.bodies(P) == [b"again"]


def test_the_open_message_waits_for_every_lower_number(shown: ViewDatabase) -> None:
    shown.publish(about_partition(2, 2, OPEN), of_incarnation(2, release(1, P, body=b"again")))
    assert shown.bodies(P) == []
    shown.publish(about_partition(2, 0, STARTED))
    assert shown.bodies(P) == [b"again"]


def test_a_row_that_was_not_told_again_is_unreadable_and_then_gone(shown: ViewDatabase) -> None:
    shown.publish(release(2, P, "forgotten", body=b"forgotten"))
    tell_again(shown, 2)
    assert shown.bodies(P) == [b"again"]
    sweep = Sweep(shown.sink)
    for _ in range(3):
        sweep.step()
    query = "select entry_id, incarnation, body from released_entry order by 1"
    assert shown.owner.execute(query).fetchall() == [("e1", 2, b"again"), ("forgotten", 1, None)]


def test_a_retraction_with_a_lower_number_counts_when_its_incarnation_is_newer(
    shown: ViewDatabase,
) -> None:
    shown.publish(release(7, P, body=b"newest"))
    tell_again(shown, 2)
    shown.publish(of_incarnation(2, retract(4, P)))
    assert shown.bodies(P) == []


def test_what_an_old_process_still_publishes_is_dropped(shown: ViewDatabase) -> None:
    tell_again(shown, 2)
    shown.publish(release(50, P, body=b"old"), redecided(51, P, 99), closing(52, P))
    shown.publish(about_partition(1, 53, OPEN))
    assert shown.bodies(P) == [b"again"]
    assert shown.owner.execute("select count(*) from waiting_marker").fetchone() == (0,)


def test_a_marker_of_an_older_incarnation_lifts_no_fence_of_the_newer(shown: ViewDatabase) -> None:
    shown.publish(redecided(3, P, 99))  # waits for number 2
    shown.publish(about_partition(2, 0, STARTED), of_incarnation(2, release(1, P, under=-1)))
    shown.publish(about_partition(2, 2, OPEN))
    shown.publish(release(2, P))
    assert shown.bodies(P) == []
    shown.publish(of_incarnation(2, redecided(3, P, 0)))
    assert len(shown.bodies(P)) == 1


def test_another_incarnation_closes_what_the_last_one_had_opened(shown: ViewDatabase) -> None:
    tell_again(shown, 2)
    shown.publish(about_partition(3, 0, STARTED))
    assert shown.bodies(P) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_a_closing_lasts_until_the_marker_that_names_it_in_any_order(
    shown: ViewDatabase, order: tuple[int, ...]
) -> None:
    messages = [closing(2, P), redecided(3, P, 0), redecided(4, P, 0, lifts=2)]
    for place in order:
        shown.publish(messages[place])
    assert shown.bodies(P) == [b"one"]


def test_a_closing_is_lifted_by_no_other_marker_and_by_no_older_number(shown: ViewDatabase) -> None:
    shown.publish(closing(2, P))
    assert shown.bodies(P) == []
    shown.publish(redecided(3, P, 9))
    assert shown.bodies(P) == []
    shown.publish(closing(4, P), redecided(5, P, 9, lifts=2))
    assert shown.bodies(P) == []
    shown.publish(redecided(6, P, 9, lifts=4))
    assert shown.bodies(P) == [b"one"]
    shown.publish(closing(2, P), closing(4, P))  # sent again after a crash
    assert shown.bodies(P) == [b"one"]


def test_a_closing_is_about_one_patient_only(shown: ViewDatabase) -> None:
    position = shown.control(registered(), patient(2))
    shown.publish(redecided(2, patient(2), position), release(3, patient(2), under=position))
    shown.publish(closing(4, P))
    assert (shown.bodies(P), len(shown.bodies(patient(2)))) == ([], 1)


def test_holds_and_tasks_that_are_not_told_again_are_closed_once_it_is_open(
    review: ReviewDatabase,
) -> None:
    review.publish(about_partition(1, 0, OPEN), opened(1, P), opened(2, P, "e2"))
    review.publish(task_opened(3, P))
    review.publish(about_partition(2, 0, STARTED), of_incarnation(2, opened(1, P)))
    close_forgotten(review.sink, opened(1, P).at)
    assert states(review) == [("e1", "open"), ("e2", "open")]
    review.publish(about_partition(2, 2, OPEN))
    for _ in range(2):
        close_forgotten(review.sink, opened(1, P).at)
    assert states(review) == [("e1", "open"), ("e2", "closed")]
    assert review.owner.execute("select closed_at is null from task").fetchall() == [(False,)]
    review.publish(opened(9, P, "e2"))  # an old process
    assert states(review) == [("e1", "open"), ("e2", "closed")]


def states(review: ReviewDatabase) -> list[tuple[str, str]]:
    return review.owner.execute("select entry_id, state from hold order by 1").fetchall()
