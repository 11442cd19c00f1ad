"""A re-decision marker waits for every lower sequence number; without the wait a hidden entry is shown.

The real SQL is driven through the interleaving that `tests/model/test_fence_model.py` finds, once as it is and once
with `contiguous_prefix` replaced by a function that never makes a marker wait.
"""

from collections.abc import Iterator

import pytest

from recordgate_schemas.control import AccessLevelSet, AccessReviewCoded, Level, ReviewCode
from tests.support.consumers import PRACTICE, patient, redecided, release, retract
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)

NEVER_WAIT = """
create or replace function contiguous_prefix(applied int8multirange) returns bigint
  language sql immutable parallel safe
  return coalesce(upper(applied), 0)
"""
WAIT = "select pg_get_functiondef('contiguous_prefix'::regproc)"


@pytest.fixture
def without_the_wait(view: ViewDatabase) -> Iterator[ViewDatabase]:
    """The view with the rule taken out, and put back after the test."""
    row = view.owner.execute(WAIT).fetchone()
    assert row is not None
    view.owner.execute(NEVER_WAIT)
    yield view
    view.owner.execute(row[0].encode())


def shown_though_withdrawn(view: ViewDatabase) -> bool:
    """Lower the level; let the marker of the re-decision overtake its retraction; say if the entry is shown."""
    view.open_for(ALICE)
    view.publish(release(1, ALICE))
    lowered = view.control(AccessLevelSet(PRACTICE, Level.NONE, None, None, None), ALICE)
    retraction, marker = retract(2, ALICE, under=lowered), redecided(3, ALICE, lowered)
    view.publish(marker)
    shown = bool(view.bodies(ALICE))
    view.publish(retraction)
    assert not view.bodies(ALICE)
    return shown


def test_a_marker_that_overtakes_a_retraction_lifts_nothing(view: ViewDatabase) -> None:
    assert not shown_though_withdrawn(view)


def test_without_the_wait_the_same_messages_show_a_withdrawn_entry(
    without_the_wait: ViewDatabase,
) -> None:
    """The mutation: should this fail, the test above proves nothing."""
    assert shown_though_withdrawn(without_the_wait)


def test_a_marker_applies_with_the_message_it_waited_for(view: ViewDatabase) -> None:
    first = view.open_for(ALICE)
    view.publish(release(1, ALICE))
    view.control(AccessReviewCoded(ReviewCode.NOT_NEEDED_106), ALICE)
    view.publish(redecided(4, ALICE, first + 1))
    view.publish(release(3, BOB))
    assert view.bodies(ALICE) == []
    view.publish(release(2, BOB))  # anybody's message of the partition
    assert len(view.bodies(ALICE)) == 1


def test_markers_wait_in_the_database_for_the_next_process(view: ViewDatabase) -> None:
    position = view.open_for(ALICE)
    view.publish(redecided(2, ALICE, position + 7))
    rows = view.owner.execute("select partition, sequence, through from waiting_marker").fetchall()
    assert rows == [(0, 2, position + 7)]
    view.publish(release(1, ALICE))
    assert view.owner.execute("select from waiting_marker").fetchall() == []
    row = view.owner.execute("select decided_through from audience_gate").fetchone()
    assert row == (position + 7,)


def test_the_prefix_ends_at_the_first_gap(view: ViewDatabase) -> None:
    for applied, prefix in (
        ("{}", 0),
        ("{[0,3)}", 3),
        ("{[1,3)}", 0),
        ("{[0,2),[3,9)}", 2),
    ):
        row = view.sink.execute(
            "select contiguous_prefix(%s::int8multirange)", (applied,)
        ).fetchone()
        assert row == (prefix,)
