"""What a patient sees, from the gate lane and the view sink to the reader, on a real database."""

from datetime import date, timedelta

import psycopg
import pytest

from recordgate_runtime.metrics import HIDE_TO_UNREADABLE
from recordgate_schemas.control import (
    AccessDeclined,
    AccessOptedIn,
    AccessResumed,
    AccessReviewCoded,
    AccessSuspended,
    AccountChanged,
    AreaSet,
    Change,
    Deregistered,
    Died,
    EntryHidden,
    EntryShown,
    HideCause,
    NhsNumberChanged,
    NumberSide,
    ProxyEnded,
    ProxyUsed,
    ReviewAction,
    ReviewCode,
    Reviewed,
    ReviewGround,
    SensitivityFlagged,
)
from recordgate_schemas.entry import Kind
from recordgate_schemas.errors import FatalError
from recordgate_schemas.values import SELF, EntryId, GrantId, proxy
from tests.support.consumers import (
    OTHER_PRACTICE,
    PRACTICE,
    at,
    control,
    granted,
    patient,
    redecided,
    registered,
    release,
    retract,
)
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)
G1 = proxy("g1")
ONE = [b"one"]
OPENERS: list[tuple[Change, Change | None]] = [
    (AccessSuspended(), AccessResumed()),
    (AccessDeclined(), AccessOptedIn()),
    (SensitivityFlagged(True), SensitivityFlagged(False)),
    (Died(None), None),
    (NhsNumberChanged(NumberSide.OLD), None),
]


def hide(entry: str, *related: str) -> EntryHidden:
    return EntryHidden(EntryId(entry), tuple(map(EntryId, related)), HideCause.NOPAT)


def test_nobody_is_open_before_a_registration(view: ViewDatabase) -> None:
    view.publish(release(0, ALICE, under=5), redecided(1, ALICE, 5))
    assert view.bodies(ALICE) == []
    view.control(AccessResumed(), ALICE)
    assert view.bodies(ALICE) == []


def test_a_registered_patient_is_dark_until_decided_again(view: ViewDatabase) -> None:
    view.publish(release(0, ALICE, under=-1))
    position = view.control(registered(), ALICE)
    assert view.bodies(ALICE) == []
    view.publish(redecided(1, ALICE, position))
    assert view.bodies(ALICE)


def test_entries_come_newest_first(shown: ViewDatabase) -> None:
    old = release(2, ALICE, "e2", body=b"old", event_date=date(2020, 1, 1))
    undated = release(3, ALICE, "e3", body=b"undated", event_date=None)
    shown.publish(undated, old)
    assert shown.bodies(ALICE) == [b"one", b"old", b"undated"]


def test_a_hide_works_before_its_entry_arrives(shown: ViewDatabase) -> None:
    position = shown.control(hide("e2"), ALICE)
    shown.publish(release(2, ALICE, "e2", body=b"two", under=0))
    assert shown.bodies(ALICE) == []
    shown.publish(retract(3, ALICE, "e2", under=position), redecided(4, ALICE, position))
    assert shown.bodies(ALICE) == ONE


def test_a_hide_darkens_its_patient_until_decided_again_and_nobody_else(
    shown: ViewDatabase,
) -> None:
    """The gate does not know the relatives; `e3`, which the hide does not name, may be one."""
    shown.publish(release(2, ALICE, "e2", body=b"two"), release(3, ALICE, "e3", body=b"three"))
    shown.publish(redecided(4, BOB, shown.control(registered(), BOB)))
    shown.publish(release(5, BOB, under=1, body=b"bob"))
    position = shown.control(hide("e9", "e1", "e2"), ALICE)
    assert (shown.bodies(ALICE), shown.bodies(BOB)) == ([], [b"bob"])
    shown.publish(retract(6, ALICE, "e1"), retract(7, ALICE, "e2"), redecided(8, ALICE, position))
    assert shown.bodies(ALICE) == [b"three"]


def test_a_stale_release_after_a_hide_stays_dark_until_decided_again(shown: ViewDatabase) -> None:
    position = shown.control(hide("e1"), ALICE)
    shown.publish(release(2, ALICE, body=b"stale", under=position - 1))
    assert shown.bodies(ALICE) == []
    shown.control(EntryShown(EntryId("e1"), HideCause.NOPAT), ALICE)
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(3, ALICE, position + 1))
    assert shown.bodies(ALICE) == [b"stale"]


def test_a_release_decided_after_the_hide_is_shown(shown: ViewDatabase) -> None:
    position = shown.control(hide("e1"), ALICE)
    shown.publish(release(2, ALICE, body=b"fresh", under=position))
    assert shown.bodies(ALICE) == [b"fresh"]


def test_a_withhold_fences_its_patient_and_a_reviewers_release_fences_nothing(
    shown: ViewDatabase,
) -> None:
    shown.publish(release(2, ALICE, "e2", body=b"two"))
    for action, visible in ((ReviewAction.RELEASE, 2), (ReviewAction.WITHHOLD, 0)):
        ground = ReviewGround.OTHER
        change = Reviewed(
            EntryId("e2"), PRACTICE, SELF, action, ground, (), 1, b"\0" * 32, 0, "r", "admin", None
        )
        shown.control(change, ALICE)
        assert len(shown.bodies(ALICE)) == visible


def test_any_other_control_closes_until_decided_again(shown: ViewDatabase) -> None:
    position = shown.control(AccessReviewCoded(ReviewCode.NOT_NEEDED_106), ALICE)
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(2, ALICE, position - 1))
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(3, ALICE, position))
    assert shown.bodies(ALICE) == ONE


@pytest.mark.parametrize(
    ("tightens", "loosens"),
    [
        (
            AreaSet(PRACTICE, Kind.DOCUMENT, shown=False),
            AreaSet(PRACTICE, Kind.DOCUMENT, shown=True),
        ),
        (AccountChanged(linked=False), AccountChanged(linked=True)),
    ],
    ids=["area", "account"],
)
def test_what_only_loosens_closes_nothing_and_what_may_take_away_closes_until_decided_again(
    shown: ViewDatabase, tightens: Change, loosens: Change
) -> None:
    shown.control(loosens, ALICE)
    assert shown.bodies(ALICE) == ONE
    position = shown.control(tightens, ALICE)
    shown.control(loosens, ALICE, effective=at(1))
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(2, ALICE, position))
    assert shown.bodies(ALICE) == ONE


def test_a_proxy_that_reads_closes_nobody(shown: ViewDatabase) -> None:
    shown.control(granted("g1"), ALICE)
    shown.publish(release(2, ALICE, audience=G1, body=b"p", under=9))
    shown.control(ProxyUsed(GrantId("g1")), ALICE)
    assert (shown.bodies(ALICE), shown.bodies(ALICE, G1)) == (ONE, [b"p"])


def test_a_control_closes_nobody_else(shown: ViewDatabase) -> None:
    shown.control(registered(), BOB)
    shown.publish(release(2, BOB, under=1, body=b"bob"))
    shown.control(AccessSuspended(), ALICE)
    assert shown.bodies(BOB) == [b"bob"]


@pytest.mark.parametrize(("closes", "opens"), OPENERS, ids=lambda c: type(c).__name__)
def test_what_closes_stays_closed_until_its_own_opener(
    shown: ViewDatabase, closes: Change, opens: Change | None
) -> None:
    position = shown.control(closes, ALICE, effective=at(1))
    shown.publish(redecided(2, ALICE, position))
    assert shown.bodies(ALICE) == []
    for other in (AccessResumed(), AccessOptedIn(), SensitivityFlagged(False)):
        if type(other) is not type(opens):
            shown.control(other, ALICE, effective=at(5))
    position = shown.control(registered(), ALICE)
    shown.publish(redecided(3, ALICE, position))
    assert shown.bodies(ALICE) == []
    if opens is not None:
        shown.control(opens, ALICE, effective=at(2))
        assert shown.bodies(ALICE) == ONE


def test_an_opener_lifts_the_closure_but_not_the_fence(shown: ViewDatabase) -> None:
    position = shown.control(AccessSuspended(), ALICE, effective=at(1))
    shown.control(AccessResumed(), ALICE, effective=at(2))
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(2, ALICE, position))
    assert shown.bodies(ALICE) == ONE


def test_a_marker_of_an_older_re_decision_takes_nothing_back(shown: ViewDatabase) -> None:
    position = shown.control(AccessReviewCoded(ReviewCode.NOT_NEEDED_106), ALICE)
    shown.publish(redecided(2, ALICE, position))
    shown.publish(redecided(3, ALICE, position - 1))
    assert shown.bodies(ALICE) == ONE


def test_an_older_hide_read_again_does_not_lower_the_fence(shown: ViewDatabase) -> None:
    shown.control(hide("e2", "e1"), ALICE)
    position = shown.control(hide("e1"), ALICE)
    shown.publish(redecided(2, ALICE, position - 1))
    assert shown.bodies(ALICE) == []


def test_a_late_older_opener_opens_nothing_and_a_tie_closes(shown: ViewDatabase) -> None:
    shown.control(AccessSuspended(), ALICE, effective=at(2))
    shown.control(AccessResumed(), ALICE, effective=at(1))
    last = shown.control(AccessResumed(), ALICE, effective=at(2))
    shown.publish(redecided(2, ALICE, last))
    assert shown.bodies(ALICE) == []
    shown.control(AccessResumed(), ALICE, effective=at(3))
    assert shown.bodies(ALICE) == ONE


def test_an_opener_dated_into_the_future_does_not_outlast_the_next_closer(
    shown: ViewDatabase,
) -> None:
    shown.control(AccessResumed(), ALICE, effective=at(999), broker=at(1))
    last = shown.control(AccessSuspended(), ALICE, effective=at(2), broker=at(2))
    shown.publish(redecided(2, ALICE, last))
    assert shown.bodies(ALICE) == []


def test_leaving_closes_and_registering_on_a_later_day_opens(shown: ViewDatabase) -> None:
    for change, visible in (
        (Deregistered(PRACTICE, date(2026, 5, 1)), []),
        (registered(date(2026, 5, 1)), []),
        (registered(date(2026, 5, 2)), ONE),
    ):
        position = shown.control(change, ALICE)
        shown.publish(redecided(position + 1, ALICE, position))
        assert shown.bodies(ALICE) == visible


def test_leaving_one_practice_does_not_close_the_next(shown: ViewDatabase) -> None:
    """The old practice's notice comes days after the new registration; the patient is not in the dark."""
    shown.control(registered(date(2026, 5, 1), OTHER_PRACTICE), ALICE)
    position = shown.control(Deregistered(PRACTICE, date(2026, 5, 9)), ALICE)
    shown.publish(redecided(2, ALICE, position))
    assert shown.bodies(ALICE) == ONE


def test_a_proxy_sees_what_was_released_to_it_while_its_grant_runs(shown: ViewDatabase) -> None:
    shown.publish(release(2, ALICE, audience=G1, body=b"for the proxy", under=1))
    assert shown.bodies(ALICE, G1) == []
    shown.control(granted("g1"), ALICE)
    assert shown.bodies(ALICE, G1) == [b"for the proxy"]
    assert shown.bodies(ALICE, proxy("g2")) == []
    shown.control(ProxyEnded(GrantId("g1")), ALICE, effective=at(1))
    assert shown.bodies(ALICE, G1) == []
    assert shown.bodies(ALICE) == ONE
    position = shown.control(granted("g1"), ALICE, effective=at(2))
    assert shown.bodies(ALICE) == []  # not a first grant: it may take something away
    shown.publish(redecided(3, ALICE, position))
    assert shown.bodies(ALICE, G1) == [b"for the proxy"]


def test_two_grants_in_one_batch_count_as_a_grant_and_another(shown: ViewDatabase) -> None:
    first = shown.controls
    shown.apply_controls([control(granted("g1"), ALICE, offset=first + n) for n in (0, 1)])
    assert shown.bodies(ALICE) == []
    shown.publish(redecided(2, ALICE, first + 1))
    assert shown.bodies(ALICE) == ONE


def test_a_late_older_end_of_a_grant_closes_it_until_decided_again(shown: ViewDatabase) -> None:
    shown.publish(release(2, ALICE, audience=G1, body=b"p", under=1))
    shown.control(granted("g1"), ALICE, effective=at(2))
    position = shown.control(ProxyEnded(GrantId("g1")), ALICE, effective=at(1))
    assert shown.bodies(ALICE, G1) == []
    assert shown.bodies(ALICE) == ONE
    shown.publish(redecided(3, ALICE, position))
    assert shown.bodies(ALICE, G1) == [b"p"]


def test_a_decline_closes_the_patients_own_view_and_leaves_the_proxys(shown: ViewDatabase) -> None:
    shown.control(granted("g1"), ALICE)
    position = shown.control(AccessDeclined(), ALICE)
    shown.publish(release(2, ALICE, audience=G1, body=b"p"), redecided(3, ALICE, position))
    assert shown.bodies(ALICE) == []
    assert shown.bodies(ALICE, G1) == [b"p"]


def test_a_grant_ends_by_itself(shown: ViewDatabase) -> None:
    """The reader's clock is the database's, so the grants' last days lie around its today."""
    row = shown.owner.execute("select (now() at time zone 'Europe/London')::date").fetchone()
    assert row is not None
    today = row[0]
    for number, (until, visible) in enumerate(
        [(today + timedelta(days=1), 1), (today - timedelta(days=1), 0), (date.max, 1)]
    ):
        grant = f"day-{number}"
        shown.publish(release(2 + number, ALICE, audience=proxy(grant), body=b"p", under=9))
        shown.control(granted(grant, until), ALICE)
        assert len(shown.bodies(ALICE, proxy(grant))) == visible


def test_of_two_grants_at_one_instant_the_one_that_ends_first_counts(shown: ViewDatabase) -> None:
    for position, until in enumerate((date.max, date(2020, 1, 1), date.max), start=1):
        shown.control(granted("g1", until), ALICE)
        shown.publish(redecided(position * 2, ALICE, 9))
    shown.publish(release(3, ALICE, audience=G1, body=b"p", under=9))
    assert shown.bodies(ALICE, G1) == []


def test_a_hide_is_measured_when_it_is_committed(shown: ViewDatabase) -> None:
    before = HIDE_TO_UNREADABLE._sum.get()
    shown.control(hide("e1"), ALICE, broker=at(-1))
    assert HIDE_TO_UNREADABLE._sum.get() == before + 3600


def test_a_zombies_batch_changes_nothing(shown: ViewDatabase) -> None:
    shown.released = 0  # a process that has not noticed it was replaced
    shown.publish(release(99, ALICE, body=b"zombie"))
    shown.control(registered(), BOB)
    shown.controls = 0
    shown.control(AccessSuspended(), ALICE)
    assert shown.bodies(ALICE) == ONE


def test_another_record_in_the_place_of_the_one_applied_last_stops_the_batch(
    shown: ViewDatabase,
) -> None:
    shown.controls -= 1
    with pytest.raises(FatalError, match="runbook/log-is-another-one"):
        shown.control(AccessSuspended(), ALICE)
    assert shown.bodies(ALICE) == ONE


def test_records_that_are_missing_before_a_batch_stop_it(shown: ViewDatabase) -> None:
    shown.controls += 1
    with pytest.raises(FatalError, match="runbook/position-conflict"):
        shown.control(AccessSuspended(), ALICE)
    assert shown.bodies(ALICE) == ONE


def test_a_batch_that_fails_half_way_leaves_nothing(shown: ViewDatabase) -> None:
    before = shown.owner.execute("select topic, next_offset from source_position").fetchall()
    shown.owner.execute("alter table entry_gate rename to entry_gate_away")
    try:
        with pytest.raises(psycopg.Error):
            shown.apply_controls(
                [
                    control(AccessSuspended(), ALICE, offset=shown.controls),
                    control(hide("e1"), ALICE, offset=shown.controls + 1),
                ]
            )
    finally:
        shown.owner.execute("alter table entry_gate_away rename to entry_gate")
    after = shown.owner.execute("select topic, next_offset from source_position").fetchall()
    assert after == before
    assert shown.bodies(ALICE) == ONE
