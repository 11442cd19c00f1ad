"""The fourth lock with real processes: whatever has become of the gate lane, after the lease nothing is readable."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from recordgate_deploy.embedded import Addresses
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_runtime import positions
from recordgate_runtime.kafka import create_topics
from recordgate_runtime.process import ExitCode
from recordgate_schemas import codec
from recordgate_schemas.control import AccessSuspended, EntryHidden, HideCause
from recordgate_schemas.topics import CONTROLS, RELEASED
from recordgate_schemas.values import EntryId
from tests.support.consumers import patient, poison_count, redecided
from tests.support.gate import LEASE_S, PATIENCE_S, Gate, go_on, stop
from tests.support.view import ViewDatabase

ALICE, BOB = patient(1), patient(2)
"""In different partitions, so that one lane's work on both is seen."""

HIDE = EntryHidden(EntryId("e1"), (), HideCause.NOPAT)


@pytest.fixture
def gate(addresses: Addresses, view: ViewDatabase, tmp_path: Path) -> Iterator[Gate]:
    with Gate(addresses, view, f"{uuid4().hex}.", tmp_path) as opened:
        yield opened


def both_read(gate: Gate) -> None:
    gate.show(ALICE, b"alice")
    gate.show(BOB, b"bob")


def all_dark(gate: Gate) -> bool:
    return await_true(
        lambda: gate.view.bodies(ALICE) == gate.view.bodies(BOB) == [], timeout_s=4 * LEASE_S
    )


def test_with_gate_lane_and_view_sink_stopped_the_view_goes_dark_and_comes_back(gate: Gate) -> None:
    lane, sink = gate.start(), gate.start("view-sink")
    both_read(gate)
    stop(lane, sink)
    hide = gate.control(HIDE, ALICE)
    assert all_dark(gate), gate.view.bodies(ALICE)
    go_on(lane, sink)
    assert gate.becomes(BOB, [b"bob"])
    assert await_true(lambda: gate.applied(hide), timeout_s=PATIENCE_S), gate.log()
    assert gate.view.bodies(ALICE) == []
    gate.decide_again(ALICE, hide)
    assert gate.becomes(ALICE, [b"alice"])


def test_with_the_gate_lane_killed_the_view_goes_dark_until_it_is_started_again(gate: Gate) -> None:
    lane = gate.start()
    both_read(gate)
    lane.kill()
    gate.control(HIDE, ALICE)
    assert all_dark(gate), gate.view.bodies(ALICE)
    gate.start()
    assert gate.becomes(BOB, [b"bob"])
    assert gate.view.bodies(ALICE) == []


def test_with_the_broker_out_of_reach_the_view_goes_dark_and_the_same_process_goes_on(
    gate: Gate, servers: Runner
) -> None:
    lane = gate.start()
    both_read(gate)
    broker = servers.pids()["kafka"]
    assert broker is not None
    os.kill(broker, signal.SIGSTOP)
    try:
        assert all_dark(gate), gate.view.bodies(ALICE)
    finally:
        os.kill(broker, signal.SIGCONT)
    assert gate.becomes(BOB, [b"bob"])
    assert lane.poll() is None


def test_while_the_broker_refuses_ticks_the_view_is_dark_and_the_same_process_goes_on(
    gate: Gate,
) -> None:
    lane = gate.start()
    both_read(gate)
    admin = gate.admin()

    def largest_batch(n: int) -> None:
        setting = {"max.message.bytes": str(n)}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, gate.topic, setting)])

    largest_batch(1)
    assert all_dark(gate), gate.view.bodies(ALICE)
    assert "runbook/gate-not-fresh.md" in gate.log()
    largest_batch(1_000_000)
    admin.close()
    assert gate.becomes(BOB, [b"bob"])
    assert lane.poll() is None


def test_two_gate_lanes_apply_the_same_controls_and_either_may_die(gate: Gate) -> None:
    lanes = [gate.start(), gate.start()]
    assert await_true(lambda: gate.log().count('"STARTED"') == 2, timeout_s=PATIENCE_S)
    both_read(gate)
    producer = gate.producer()
    for _ in range(200):
        last = gate.send(producer, AccessSuspended(), ALICE)
    producer.close()
    assert await_true(lambda: gate.applied(last), timeout_s=PATIENCE_S)
    assert [lane.poll() for lane in lanes] == [None, None], gate.log()
    assert gate.becomes(BOB, [b"bob"]), gate.log()
    assert gate.view.bodies(ALICE) == []
    for lane in lanes:
        lane.kill()
        assert all_dark(gate) if lane is lanes[1] else gate.becomes(BOB, [b"bob"])


def test_controls_made_again_end_the_gate_lane_and_the_view_goes_dark(gate: Gate) -> None:
    lane = gate.start()
    both_read(gate)
    admin = gate.admin()
    admin.delete_topics([gate.topic])
    assert await_true(lambda: gate.topic not in admin.list_topics(), timeout_s=PATIENCE_S)
    create_topics(gate.settings)
    admin.close()
    gate.control(HIDE, ALICE)
    assert all_dark(gate), gate.view.bodies(ALICE)
    assert lane.wait(PATIENCE_S) == ExitCode.SAFETY, gate.log()
    assert "runbook/" in gate.log()
    assert gate.start().wait(PATIENCE_S) == ExitCode.SAFETY, gate.log()
    assert "runbook/topic-replaced.md" in gate.log()
    assert all_dark(gate)


def test_a_transaction_on_controls_is_passed_over_and_what_was_aborted_never_happened(
    gate: Gate,
) -> None:
    lane = gate.start()
    both_read(gate)
    producer = gate.producer(transaction=uuid4().hex)
    producer.init_transactions()
    for who, end in ((BOB, producer.abort_transaction), (ALICE, producer.commit_transaction)):
        producer.begin_transaction()
        hide = gate.send(producer, AccessSuspended(), who)
        end()
    producer.close()
    after = gate.control(AccessSuspended(), patient(3))
    assert await_true(lambda: gate.applied(hide) and gate.applied(after), timeout_s=PATIENCE_S)
    assert lane.poll() is None, gate.log()
    assert gate.becomes(BOB, [b"bob"]), gate.log()
    assert gate.view.bodies(ALICE) == []
    assert await_true(gate.view.is_fresh, timeout_s=PATIENCE_S)


def test_a_sink_passes_over_the_marker_at_the_end_of_its_log(gate: Gate) -> None:
    sink = gate.start("view-sink")
    producer = gate.producer(transaction=uuid4().hex)
    producer.init_transactions()
    producer.begin_transaction()
    value = codec.encode(RELEASED, redecided(0, ALICE, 7))
    sent = gate.send_raw(producer, RELEASED.name, ALICE.digits.encode(), value)
    producer.commit_transaction()
    producer.close()

    def position() -> int:
        return positions.read(gate.view.owner, RELEASED.name).get(sent.partition, 0)

    assert await_true(lambda: position() == sent.offset + 2, timeout_s=PATIENCE_S), gate.log()
    assert sink.poll() is None
    marker = gate.view.owner.execute("select decided_through from audience_gate").fetchall()
    assert marker == [(7,)]


def test_controls_deleted_before_the_gate_lane_read_them_end_it_and_the_view_goes_dark(
    gate: Gate,
) -> None:
    lane = gate.start()
    both_read(gate)
    stop(lane)
    gate.control(HIDE, ALICE)  # this one may be on its way to the lane already
    hide = gate.control(HIDE, ALICE)
    admin = gate.admin()
    admin.delete_records({TopicPartition(gate.topic, hide.partition): hide.offset + 1})
    admin.close()
    go_on(lane)
    assert lane.wait(PATIENCE_S) == ExitCode.SAFETY, gate.log()
    assert "runbook/position-outside-log.md" in gate.log()
    assert all_dark(gate), gate.view.bodies(ALICE)


def test_a_strangers_ticks_fence_nobody_and_keep_nobody_readable(gate: Gate) -> None:
    lane = gate.start()
    both_read(gate)
    poison = poison_count(CONTROLS.name)
    producer = gate.producer()
    for key in (ALICE.digits.encode(), BOB.digits.encode(), None):
        tick = gate.send_raw(producer, CONTROLS.name, key, codec.tick(CONTROLS))
        assert await_true(lambda: gate.applied(tick), timeout_s=PATIENCE_S)  # noqa: B023
    assert gate.becomes(ALICE, [b"alice"]), gate.log()
    assert gate.becomes(BOB, [b"bob"]), gate.log()
    assert poison_count(CONTROLS.name) == poison
    assert "QUARANTINED" not in gate.log()
    stop(lane)
    deadline = time.monotonic() + PATIENCE_S
    while gate.view.bodies(ALICE) and time.monotonic() < deadline:
        for key in (ALICE.digits.encode(), BOB.digits.encode()):
            gate.send_raw(producer, CONTROLS.name, key, codec.tick(CONTROLS))
    producer.close()
    assert all_dark(gate)
