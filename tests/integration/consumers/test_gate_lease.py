"""What a stamp stands for, step by step: the gate's lease with a broker that answers as the test wants."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import psycopg
import pytest
from kafka.partitioner.default import murmur2

from recordgate_consumers.view.gate_lease import GateLease
from recordgate_runtime import positions
from recordgate_runtime.metrics import GATE_LEASE_LEFT, TICKS_FAILED
from recordgate_runtime.postgres import connect
from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import CONTROLS
from tests.support.consumers import patient, record
from tests.support.view import ViewDatabase

ALICE = patient(1)
LEASE = timedelta(seconds=300)


@dataclass
class StandIn:
    """Ticks whose acknowledgements come when the test says so. `test`: the topic id of the view under test."""

    topic_id: str = "test"
    partitions: int = 1
    same: bool = True
    sent: list[int] = field(default_factory=list)
    ended: dict[int, int | None] = field(default_factory=dict)

    def topic_is_the_same(self) -> bool:
        return self.same

    def send(self, partition: int) -> None:
        self.sent.append(partition)

    def results(self) -> dict[int, int | None]:
        ended, self.ended = self.ended, {}
        return ended


@pytest.fixture
def fresh(shown: ViewDatabase) -> ViewDatabase:
    """Patient 1 would see one entry, if the gate were fresh."""
    shown.forget_freshness()
    assert shown.bodies(ALICE) == []
    return shown


def lease(view: ViewDatabase, ticks: StandIn, length: timedelta = LEASE) -> GateLease:
    return GateLease(view.gate, ticks, length, timedelta(0))


def read_tick(view: ViewDatabase) -> int:
    """Let the gate lane read a tick and return its offset."""
    offset = view.controls
    tick = record(CONTROLS, codec.tick(CONTROLS), "", offset=offset)
    view.apply_controls([tick])
    return offset


def stamp(view: ViewDatabase) -> datetime | None:
    row = view.owner.execute("select nullif(fresh_at, '-infinity') from gate_freshness").fetchone()
    return row[0] if row else None


def clock(view: ViewDatabase) -> datetime:
    row = view.owner.execute("select clock_timestamp()").fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def test_before_the_first_tick_has_come_through_nothing_is_readable(fresh: ViewDatabase) -> None:
    ticks = StandIn()
    lane = lease(fresh, ticks)
    lane.renew()
    assert (ticks.sent, fresh.bodies(ALICE)) == ([0], [])
    ticks.ended = {0: fresh.controls}
    lane.renew()
    assert (stamp(fresh), fresh.bodies(ALICE)) == (None, [])  # acknowledged, not applied
    read_tick(fresh)
    lane.renew()
    assert fresh.bodies(ALICE) == [b"one"]


def test_the_stamp_is_the_clock_before_the_tick_was_sent(fresh: ViewDatabase) -> None:
    ticks = StandIn()
    lane = lease(fresh, ticks)
    before = clock(fresh)
    lane.renew()
    sent = clock(fresh)
    ticks.ended = {0: read_tick(fresh)}
    lane.renew()
    found = stamp(fresh)
    assert found is not None
    assert before < found < sent


def test_one_tick_is_under_way_at_a_time_and_a_refused_one_is_counted(fresh: ViewDatabase) -> None:
    ticks = StandIn()
    lane = lease(fresh, ticks)
    failed = TICKS_FAILED._value.get()
    for _ in range(3):
        lane.renew()
    assert ticks.sent == [0]
    ticks.ended = {0: None}
    lane.renew()
    assert ticks.sent == [0, 0]
    assert TICKS_FAILED._value.get() == failed + 1
    assert stamp(fresh) is None


def test_no_tick_is_sent_while_nobody_says_that_the_topic_is_the_same(fresh: ViewDatabase) -> None:
    ticks = StandIn(same=False)
    lane = lease(fresh, ticks)
    lane.renew()
    assert ticks.sent == []


def test_a_tick_counts_only_in_the_topic_whose_position_is_stored(fresh: ViewDatabase) -> None:
    for ticks in (StandIn(), StandIn(topic_id="another")):
        lane = lease(fresh, ticks)
        lane.renew()
        ticks.ended = {0: read_tick(fresh)}
        ticks.same = ticks.topic_id == "another"
        lane.renew()
        assert stamp(fresh) is None


def test_a_late_stamp_of_one_gate_lane_does_not_take_back_anothers(fresh: ViewDatabase) -> None:
    slow, quick = StandIn(), StandIn()
    lanes = [lease(fresh, slow), lease(fresh, quick)]
    for lane in lanes:
        lane.renew()
    offset = read_tick(fresh)
    quick.ended = {0: offset}
    lanes[1].renew()
    newer = stamp(fresh)
    slow.ended = {0: offset}
    lanes[0].renew()
    assert newer is not None
    assert stamp(fresh) == newer


def test_a_stamp_of_a_clock_that_was_ahead_does_not_count_and_does_not_stay(
    fresh: ViewDatabase,
) -> None:
    ticks = StandIn()
    lane = lease(fresh, ticks)
    fresh.owner.execute(
        "update gate_freshness set fresh_at = clock_timestamp() + interval '1 hour'"
    )
    assert fresh.bodies(ALICE) == []
    lane.renew()
    ticks.ended = {0: read_tick(fresh)}
    lane.renew()
    found = stamp(fresh)
    assert found is not None
    assert found <= clock(fresh)
    assert fresh.bodies(ALICE) == [b"one"]


def test_another_partition_count_than_the_views_ends_the_gate_lane(fresh: ViewDatabase) -> None:
    lease(fresh, StandIn(partitions=4))
    lease(fresh, StandIn(partitions=4))
    with pytest.raises(FatalError, match=r"runbook/partitions\.md"):
        lease(fresh, StandIn(partitions=8))


def test_a_patient_reads_by_the_stamp_of_the_own_partition(fresh: ViewDatabase) -> None:
    lease(fresh, StandIn(partitions=2))
    own = (murmur2(ALICE.digits.encode()) & 0x7FFFFFFF) % 2
    for partition, visible in ((1 - own, []), (own, [b"one"])):
        fresh.owner.execute(
            "update gate_freshness set fresh_at = case when partition = %s then clock_timestamp()"
            " else '-infinity' end",
            (partition,),
        )
        assert fresh.bodies(ALICE) == visible


def test_the_reader_can_neither_see_nor_choose_the_lease(fresh: ViewDatabase) -> None:
    lease(fresh, StandIn())
    for statement in (
        b"select lease from gate_freshness",
        b"update gate_freshness set lease = '1 year'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            fresh.reader.execute(statement)


@pytest.mark.parametrize("level", ["read committed", "repeatable read"])
def test_a_long_transaction_reads_nothing_after_the_lease(fresh: ViewDatabase, level: str) -> None:
    """The clock is read after the snapshot, so a stamp that is old by then does not count, however old `now()` is."""
    fresh.owner.execute("insert into gate_freshness values (0, clock_timestamp(), '1 s')")
    deadline = "select clock_timestamp() >= %s"
    with connect(fresh.dsn, "view_reader", autocommit=True) as reader, reader.transaction():
        reader.execute(f"set transaction isolation level {level}".encode())
        reader.execute(
            "select set_config('recordgate.nhs_number', %s, true),"
            " set_config('recordgate.audience', 'self', true)",
            (ALICE.digits,),
        )
        first = reader.execute("select body from visible_entry").fetchall()
        end = clock(fresh) + timedelta(seconds=1)
        while fresh.owner.execute(deadline, (end,)).fetchone() == (False,):
            pass
        assert (first, reader.execute("select body from visible_entry").fetchall()) == (
            [(b"one",)],
            [],
        )


def test_what_is_left_of_the_lease_is_a_metric(fresh: ViewDatabase) -> None:
    ticks = StandIn()
    lane = lease(fresh, ticks)
    gauge = GATE_LEASE_LEFT.labels("0")

    def left() -> float:
        return float(next(iter(gauge.collect())).samples[0].value)

    assert left() == 0
    lane.renew()
    ticks.ended = {0: read_tick(fresh)}
    lane.renew()
    assert 0 < left() <= LEASE.total_seconds()


@pytest.mark.parametrize("partitions", [1, 2, 3, 4, 7, 12, 512])
def test_the_database_finds_the_partition_that_kafka_chooses(
    view: ViewDatabase, partitions: int
) -> None:
    dice = Random(partitions)
    keys = [patient(dice.randrange(100_000)).digits for _ in range(300)]
    keys += ["", "a", "ab", "abc", "abcd", "\x7fé€", "9" * 11]
    rows = view.owner.execute(
        "select partition_of(key, %s) from unnest(%s::text[]) with ordinality as k (key, n) order by n",
        (partitions, keys),
    )
    wanted = [(murmur2(key.encode()) & 0x7FFFFFFF) % partitions for key in keys]
    assert [found for (found,) in rows] == wanted


def test_a_second_owner_finds_what_the_first_has_applied(shown: ViewDatabase) -> None:
    offset = read_tick(shown)
    before = positions.read(shown.owner, CONTROLS.name)
    shown.controls = offset
    read_tick(shown)
    assert positions.read(shown.owner, CONTROLS.name) == before
