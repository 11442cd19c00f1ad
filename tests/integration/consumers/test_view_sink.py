"""What the view keeps of released messages, and when re-decision markers apply, on a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime.metrics import MARKERS_WAITING
from recordgate_schemas.control import (
    AccessLevelSet,
    AccessResumed,
    AccessReviewCoded,
    Level,
    ReviewCode,
)
from recordgate_schemas.topics import RELEASED
from recordgate_schemas.values import proxy
from tests.support.clock import FrozenClock
from tests.support.consumers import (
    NOW,
    PRACTICE,
    apply,
    patient,
    poison_count,
    record,
    redecided,
    registered,
    release,
    retract,
)
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)
G1 = proxy("g1")
ONE = [b"one"]
PAST, FUTURE = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 9000))
# The last five tests drive the real SQL through the interleaving that tests/model/test_fence_model.py finds, once as it
# is and once with `contiguous_prefix` replaced by a function that never makes a marker wait.
NEVER_WAIT = """
create or replace function contiguous_prefix(applied int8multirange) returns bigint
  language sql immutable parallel safe
  return coalesce(upper(applied), 0)
"""
WAIT = "select pg_get_functiondef('contiguous_prefix'::regproc)"


def test_an_older_release_never_replaces_a_newer_one(shown: ViewDatabase) -> None:
    shown.publish(release(5, ALICE, body=b"five"))
    shown.publish(release(3, ALICE, body=b"three"))
    assert shown.bodies(ALICE) == [b"five"]


def test_a_retraction_keeps_a_tombstone_and_drops_the_content(shown: ViewDatabase) -> None:
    before = shown.visible(ALICE)[0].public_id
    shown.publish(release(4, ALICE, body=b"while it lasts", valid_until=FUTURE))
    shown.publish(retract(5, ALICE))
    assert shown.bodies(ALICE) == []
    row = shown.owner.execute(
        "select sequence, public_id, num_nonnulls(version, kind, event_date, recorded_at, redacted,"
        " valid_until, body, body_type, body_sha256) from released_entry"
    ).fetchone()
    assert row == (5, before, 0)
    shown.publish(release(4, ALICE, body=b"late"))
    assert shown.bodies(ALICE) == []
    shown.publish(release(6, ALICE, body=b"again"))
    assert [(e.body, e.public_id) for e in shown.visible(ALICE)] == [(b"again", before)]


def test_a_decision_nobody_renewed_in_time_is_dark_and_its_neighbours_are_not(
    shown: ViewDatabase,
) -> None:
    shown.publish(
        release(2, ALICE, "e2", body=b"ran out", valid_until=PAST),
        release(3, ALICE, "e3", body=b"runs", valid_until=FUTURE, event_date=None),
    )
    assert shown.bodies(ALICE) == [b"one", b"runs"]


def test_a_decision_that_ran_out_is_renewed_by_a_newer_one_only(shown: ViewDatabase) -> None:
    shown.publish(release(3, ALICE, body=b"ran out", valid_until=PAST))
    shown.publish(release(2, ALICE, body=b"older", valid_until=FUTURE))
    shown.publish(redecided(4, ALICE, shown.control(AccessResumed(), ALICE)))
    assert shown.bodies(ALICE) == []  # neither an older message nor a marker renews it
    shown.publish(release(5, ALICE, body=b"renewed", valid_until=FUTURE))
    assert shown.bodies(ALICE) == [b"renewed"]
    shown.publish(release(6, ALICE, body=b"for ever"))
    assert shown.bodies(ALICE) == [b"for ever"]


def test_a_decision_ends_at_its_instant_in_a_transaction_of_whatever_length(
    shown: ViewDatabase,
) -> None:
    """The reader's clock is the database's, and it is not the start of the reader's transaction."""
    with shown.reader.transaction():
        row = shown.reader.execute("select clock_timestamp()").fetchone()
        assert row is not None
        for sequence, until, visible in (
            (2, row[0] + timedelta(hours=1), [b"2"]),
            (3, row[0], []),
        ):
            body = f"{sequence}".encode()
            shown.publish(release(sequence, ALICE, body=body, valid_until=until))
            assert shown.bodies(ALICE) == visible


def test_a_retraction_may_come_first(shown: ViewDatabase) -> None:
    shown.publish(retract(5, ALICE, "e7"))
    shown.publish(release(4, ALICE, "e7", body=b"late"))
    assert shown.bodies(ALICE) == ONE


def test_a_body_that_does_not_match_its_hash_is_not_stored_and_retracts(
    shown: ViewDatabase,
) -> None:
    before = poison_count(RELEASED.name)
    shown.publish(release(2, ALICE, body=b"forged", sha256=b"\0" * 32))
    assert shown.bodies(ALICE) == []
    assert poison_count(RELEASED.name) == before + 1
    position = shown.control(registered(), ALICE)
    shown.publish(release(4, ALICE, "e2", body=b"two"), redecided(3, ALICE, position))
    assert shown.bodies(ALICE) == [b"two"]  # its sequence number counts


def test_a_message_nobody_can_read_leaves_a_gap_that_markers_wait_at(shown: ViewDatabase) -> None:
    position = shown.control(registered(), ALICE)
    before = poison_count(RELEASED.name)
    garbage = record(RELEASED, b"\xc3\x01garbage...", ALICE.digits, offset=shown.released)
    apply(shown.sink, ViewSink(FrozenClock(NOW)), RELEASED, [garbage])
    shown.released += 1
    shown.publish(redecided(3, ALICE, position))
    assert poison_count(RELEASED.name) == before + 1
    assert shown.bodies(ALICE) == []
    assert MARKERS_WAITING._value.get() == 1
    shown.publish(retract(2, ALICE, "e9"))
    assert MARKERS_WAITING._value.get() == 0
    assert shown.bodies(ALICE) == ONE


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
