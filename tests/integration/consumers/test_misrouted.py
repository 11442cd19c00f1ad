"""Records outside their patient's partition: the gate closes by coordinates; the copy lifts exactly that closing."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordgate_consumers.review.review_sink import ReviewSink
from recordgate_consumers.view.gate_lane import GateLane
from recordgate_consumers.view.view_sink import ViewSink
from recordgate_runtime import positions
from recordgate_runtime.record import Record
from recordgate_runtime.routing import partition_of
from recordgate_schemas.control import (
    AccessResumed,
    AccessSuspended,
    Change,
    EntryHidden,
    EntryShown,
    HideCause,
    ProxyEnded,
)
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import CONTROLS, HELD, RELEASED
from recordgate_schemas.values import EntryId, GrantId, NhsNumber
from tests.support.clock import FrozenClock
from tests.support.consumers import (
    NOW,
    apply,
    control,
    opened,
    patient,
    poison_count,
    published,
    redecided,
    registered,
    release,
)
from tests.support.review import WORK_TIME, ReviewDatabase
from tests.support.view import ViewDatabase

PARTITIONS = 4
HIDE = EntryHidden(EntryId("e1"), (), HideCause.NOPAT)
QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def home_of(who: NhsNumber) -> int:
    return partition_of(who.digits.encode(), PARTITIONS)


def elsewhere(who: NhsNumber) -> int:
    return (home_of(who) + 1) % PARTITIONS


class Log:
    """The topic `controls` with four partitions, with offsets as a broker gives them, and a gate lane."""

    def __init__(self, view: ViewDatabase) -> None:
        self.view = view
        self._ends = dict.fromkeys(range(PARTITIONS), 0)

    def record(
        self, change: Change | bytes, who: NhsNumber, partition: int, replay_of: str | None = None
    ) -> Record:
        offset = self._ends[partition]
        self._ends[partition] += 1
        made = control(
            HIDE if isinstance(change, bytes) else change, who, offset=offset, partition=0
        )
        return replace(
            made,
            partition=partition,
            partitions=PARTITIONS,
            value=change if isinstance(change, bytes) else made.value,
            replay_of=replay_of.encode() if replay_of else None,
        )

    def read(self, *records: Record) -> None:
        apply(self.view.gate, GateLane(FrozenClock(NOW)), CONTROLS, records)


@pytest.fixture
def log(view: ViewDatabase) -> Log:
    return Log(view)


def show(log: Log, who: NhsNumber) -> None:
    """Two entries of a patient are shown; everything was decided under the first control at home."""
    log.view.open_partition(home_of(who))
    log.read(log.record(registered(), who, home_of(who)))
    shown = [release(n, who, f"e{n + 1}", body=f"e{n + 1}".encode()) for n in range(2)]
    records = [
        replace(
            published(message, offset=n),
            partition=home_of(who),
            partitions=PARTITIONS,
        )
        for n, message in enumerate([*shown, redecided(2, who, 0)])
    ]
    apply(log.view.sink, ViewSink(FrozenClock(NOW)), RELEASED, records)
    assert sorted(log.view.bodies(who)) == [b"e1", b"e2"]


def where(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"


@pytest.mark.parametrize("change", [HIDE, AccessSuspended(), b"perhaps a hide"])
def test_a_control_elsewhere_closes_its_patient_and_nobody_else(
    log: Log, change: Change | bytes
) -> None:
    victim, bystander = patient(11), patient(12)
    show(log, victim)
    log.read(log.record(registered(), bystander, home_of(bystander)))
    log.read(log.record(change, victim, elsewhere(victim)))

    assert log.view.bodies(victim) == []
    closed = log.view.owner.execute(
        "select nhs_number, closed, fence from audience_gate where audience = '*'"
    ).fetchall()
    assert {n: c for n, c, _ in closed} == {victim.digits: True, bystander.digits: False}
    assert {fence for n, _, fence in closed if n == victim.digits} == {0}  # no position of its own


@QUIET
@given(
    lost=st.sampled_from([HIDE, AccessSuspended(), EntryShown(EntryId("e1"), HideCause.NOPAT)]),
    home=st.lists(st.sampled_from([AccessSuspended(), AccessResumed(), registered()]), max_size=3),
    place=st.integers(0, 3),
    original_at=st.integers(0, 5),
    one_batch=st.booleans(),
    twice=st.booleans(),
)
def test_whichever_is_read_first_the_copy_lifts_exactly_its_closing(
    view: ViewDatabase,
    *,
    lost: Change,
    home: list[Change],
    place: int,
    original_at: int,
    one_batch: bool,
    twice: bool,
) -> None:
    """The end is the one of the same controls at home alone; from the original on, until the copy, all is dark."""
    view.empty()
    log, who = Log(view), patient(21)
    show(log, who)
    original = log.record(lost, who, elsewhere(who))
    other = replace(log.record(lost, who, elsewhere(who)), value=original.value)
    changes = [*home[:place], lost, *home[place:]]
    before, after = changes[: min(place, len(home))], changes[min(place, len(home)) + 1 :]
    at_home = [log.record(c, who, home_of(who)) for c in before]
    at_home.append(copy_of(log, original, who))
    at_home += [log.record(c, who, home_of(who)) for c in after]
    if twice:
        at_home.append(copy_of(log, original, who))
    sequence = [*at_home[:original_at], original, *at_home[original_at:]]
    copy_at = sequence.index(at_home[min(place, len(home))])
    for n, record in enumerate(sequence) if not one_batch else ():
        log.read(record)
        if sequence.index(original) <= n < copy_at:
            assert view.bodies(who) == []
    if one_batch:
        log.read(*sequence)
    ended = gate(view, who)

    view.empty()
    plain = Log(view)
    show(plain, who)
    for change in [*changes, *([lost] if twice else [])]:
        plain.read(plain.record(change, who, home_of(who)))
    assert ended == gate(view, who)

    view.empty()
    again = Log(view)
    show(again, who)
    again.read(original, other)
    again.read(*at_home)
    assert view.bodies(who) == []  # the closing by the same bytes, sent once more, is still there
    row = view.owner.execute(
        "select closed from audience_gate where nhs_number = %s and audience = '*'", (who.digits,)
    ).fetchone()
    assert row == (True,)


def copy_of(log: Log, original: Record, who: NhsNumber) -> Record:
    """Return what a replay publishes: the same bytes, where they belong."""
    return log.record(original.value or b"", who, home_of(who), where(original))


@pytest.mark.parametrize("in_advance", [False, True])
@pytest.mark.parametrize("forged", [registered(), HIDE], ids=["registered", "hide"])
def test_a_control_that_only_names_the_original_lifts_nothing_and_its_copy_does(
    log: Log, forged: Change, *, in_advance: bool
) -> None:
    who = patient(35)
    show(log, who)
    original = log.record(HIDE, who, elsewhere(who))
    named = log.record(forged, who, home_of(who), where(original))
    log.read(*((named, original) if in_advance else (original, named)))
    assert log.view.bodies(who) == []
    assert is_closed(log.view, who)
    log.read(copy_of(log, original, who))
    assert not is_closed(log.view, who)


def is_closed(view: ViewDatabase, who: NhsNumber) -> bool:
    return bool(
        view.owner.execute(
            "select closed from audience_gate where nhs_number = %s and audience = '*'",
            (who.digits,),
        ).fetchall()[0][0]
    )


def gate(view: ViewDatabase, who: NhsNumber) -> list[tuple[object, ...]]:
    return view.owner.execute(
        "select audience, fence, closed from audience_gate where nhs_number = %s order by audience",
        (who.digits,),
    ).fetchall()


@pytest.mark.parametrize("in_advance", [False, True])
def test_a_copy_about_another_patient_lifts_nothing_of_the_first(
    log: Log, *, in_advance: bool
) -> None:
    who, other = patient(33), patient(34)
    show(log, who)
    original = log.record(HIDE, who, elsewhere(who))
    copy = log.record(registered(), other, home_of(other), where(original))
    log.read(*((copy, original) if in_advance else (original, copy)))
    assert log.view.bodies(who) == []


def test_a_copy_that_is_itself_elsewhere_lifts_nothing(log: Log) -> None:
    who = patient(31)
    show(log, who)
    original = log.record(HIDE, who, elsewhere(who))
    log.read(original, log.record(HIDE, who, elsewhere(who), where(original)))
    assert log.view.bodies(who) == []
    assert log.view.owner.execute("select count(*) from replayed").fetchone() == (0,)


@pytest.mark.parametrize(
    "named", ["", "controls/1", "controls/1/9999999999999999999", "entries/1/0", "\n"]
)
def test_a_replay_that_names_no_control_is_a_control_like_any_other(log: Log, named: str) -> None:
    who = patient(32)
    show(log, who)
    log.read(log.record(ProxyEnded(GrantId("g1")), who, home_of(who), named or "x"))
    assert sorted(log.view.bodies(who)) == [b"e1", b"e2"]
    assert ("proxy:g1", 1, True) in gate(log.view, who)
    assert log.view.owner.execute("select count(*) from replayed").fetchone() == (0,)


def test_a_message_of_ours_elsewhere_is_reported_and_changes_nothing(
    log: Log, review: ReviewDatabase
) -> None:
    who = patient(33)
    show(log, who)
    before = poison_count(RELEASED.name), poison_count(HELD.name)
    wrong = replace(
        published(release(90, who, "e1", body=b"elsewhere"), offset=0),
        partition=elsewhere(who),
        partitions=PARTITIONS,
    )
    foreign = replace(
        published(release(91, who, "e1", body=b"foreign key"), offset=3),
        partition=home_of(who),
        partitions=PARTITIONS,
        key=patient(34).digits.encode(),
    )
    apply(log.view.sink, ViewSink(FrozenClock(NOW)), RELEASED, [wrong])
    apply(log.view.sink, ViewSink(FrozenClock(NOW)), RELEASED, [foreign])
    assert sorted(log.view.bodies(who)) == [b"e1", b"e2"]

    astray = replace(
        published(opened(0, who), offset=0), partition=elsewhere(who), partitions=PARTITIONS
    )
    apply(review.sink, ReviewSink(WORK_TIME), HELD, [astray])
    assert review.owner.execute("select count(*) from hold").fetchone() == (0,)
    assert (poison_count(RELEASED.name), poison_count(HELD.name)) == (before[0] + 2, before[1] + 1)


def test_the_number_of_partitions_is_written_down_once(
    view: ViewDatabase, review: ReviewDatabase
) -> None:
    for connection in (view.gate, view.sink, review.sink):
        positions.adopt_partitions(connection, 4)
        positions.adopt_partitions(connection, 4)
        with pytest.raises(FatalError, match=r"4 were adopted, there are 8.*partitions.md"):
            positions.adopt_partitions(connection, 8)
        assert positions.read_partitions(connection) == 4
