"""Lanes on a real broker whose log has holes, is another one, or whose partitions move between members of the group."""

import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import OffsetAndMetadata, TopicPartition

from recordgate_deploy import embedded
from recordgate_deploy.runner import Runner
from recordgate_deploy.waiting import await_true
from recordgate_producers.simulator import never_issued
from recordgate_runtime.kafka import create_topics, topic_name
from recordgate_runtime.migrate import migrate, migrations
from recordgate_runtime.process import ExitCode
from recordgate_runtime.record import Record
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.topics import CONTROLS, ENTRIES
from recordgate_schemas.values import EntryId
from tests.support.builders import OTHER_NUMBER, access, control, entry, registered
from tests.support.lanes import PATIENCE_S, Lanes
from tests.support.services import running_services


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Runner]]:
    """Kafka and PostgreSQL of this module's own: the broker's data is taken away from under it."""
    folder = tmp_path_factory.mktemp("losing")
    with running_services(folder) as runner:
        dsn = embedded.addresses(folder).ledger_dsn
        migrate(dsn, migrations("recordgate_streams.ledger", "migrations"))
        yield folder, runner


@pytest.fixture(params=["faust", "bulk"])
def lanes(
    servers: tuple[Path, Runner], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Lanes]:
    with Lanes(*servers, tmp_path, f"{uuid4().hex}.", engine=request.param) as opened:
        yield opened


def named(name: str, **overrides: object) -> ClinicalEntry:
    return entry(entry_id=EntryId(name), **overrides)


def about_other(message: Control) -> Control:
    return control(message.change, nhs_number=OTHER_NUMBER)


def test_transactions_are_passed_over_and_what_was_aborted_never_happened(lanes: Lanes) -> None:
    running = [lanes.start("controls"), lanes.start("entries")]
    with lanes.producer(uuid4().hex) as producer:
        for end, change, messages in (
            (producer.commit_transaction, registered(), (named("before-access"),)),
            (producer.abort_transaction, access(), (named("aborted"),)),
            (producer.abort_transaction, access(), (named("aborted-too"),)),
            (producer.commit_transaction, registered(), (named("under-no-access"),)),
        ):
            producer.begin_transaction()
            for message in (control(change), *messages):
                last = lanes.send(producer, message)
            end()
    assert lanes.applied(last), lanes.log()
    under_aborted = lanes.outcomes()
    ends = {topic: lanes.end(topic) for topic in (ENTRIES, CONTROLS)}

    def all_passed() -> bool:
        return {topic: lanes.position(topic) for topic in ends} == ends

    assert await_true(all_passed, timeout_s=PATIENCE_S), "the marker at the end was not passed"
    assert set(under_aborted) == {"before-access", "under-no-access"}
    assert "RELEASED" not in under_aborted.values()

    with lanes.producer(uuid4().hex) as producer:
        producer.begin_transaction()
        lanes.send(producer, control(access()))
        last = lanes.send(producer, named("after-access"))
        producer.commit_transaction()
    assert lanes.applied(last), lanes.log()
    released = dict.fromkeys(("before-access", "under-no-access", "after-access"), "RELEASED")
    assert await_true(lambda: lanes.outcomes() == released, timeout_s=PATIENCE_S), lanes.outcomes()
    assert [process.poll() for process in running] == [None, None], lanes.log()
    assert lanes.account().sentence().startswith("conservation: received 3 = accepted 3")
    assert lanes.account().unaccounted == 0


def test_a_lane_begins_at_its_own_position_whatever_the_group_says(lanes: Lanes) -> None:
    lanes.publish(control(registered()), control(access()))
    lanes.publish(named("first"), named("second"))
    group = f"{lanes.settings.topic_prefix}recordgate-decide-entries"
    ahead = {TopicPartition(topic_name(ENTRIES, lanes.settings), 0): OffsetAndMetadata(2, "", -1)}
    admin = lanes.admin()
    admin.alter_group_offsets(group, ahead)
    admin.close()
    lane = lanes.start("entries")
    (last,) = lanes.publish(named("third"))

    assert lanes.applied(last), lanes.log()
    assert set(lanes.outcomes()) == {"first", "second", "third"}
    assert lane.poll() is None


@pytest.mark.parametrize("engine", ["faust", "bulk"])
def test_members_come_and_go_and_one_is_taken_for_dead(
    servers: tuple[Path, Runner], tmp_path: Path, engine: str
) -> None:
    """One lane's partitions go to another, one is stopped for longer than its group waits and wakes up again."""
    numbers = list(islice(never_issued(), 12))
    with Lanes(*servers, tmp_path, f"{uuid4().hex}.", engine=engine, partitions=4) as lanes:
        sent: list[Record] = []

        def publish_round(n: int) -> None:
            sent.extend(
                lanes.publish(
                    *(named(f"e{n}-{i}", nhs_number=number) for i, number in enumerate(numbers))
                )
            )

        lanes.publish(
            *(control(one, nhs_number=n) for n in numbers for one in (registered(), access()))
        )
        lanes.start("controls")
        first = lanes.start("entries", "first")
        publish_round(0)
        assert lanes.caught_up(ENTRIES, sent), lanes.log()
        second = lanes.start("entries", "second")
        publish_round(1)
        assert lanes.caught_up(ENTRIES, sent), lanes.log()
        first.send_signal(signal.SIGSTOP)
        publish_round(2)
        assert lanes.caught_up(ENTRIES, sent), lanes.log()
        first.send_signal(signal.SIGCONT)
        publish_round(3)
        second.terminate()
        publish_round(4)
        second.wait(timeout=PATIENCE_S)
        lanes.start("entries", "second")
        lanes.start("entries", "first" if first.poll() is not None else "third")
        assert lanes.caught_up(ENTRIES, sent), lanes.log()
        expected = {f"e{n}-{i}": "RELEASED" for n in range(5) for i in range(len(numbers))}
        assert await_true(lambda: lanes.outcomes() == expected, timeout_s=PATIENCE_S), lanes.log()
        assert lanes.account().sentence().startswith("conservation: received 60 = accepted 60")
        assert lanes.account().unaccounted == 0


@pytest.mark.parametrize("lane", ["entries", "controls"])
def test_what_takes_the_place_of_a_lost_tail_is_never_taken_for_a_replay(
    lanes: Lanes, lane: str
) -> None:
    """Two acknowledged records are lost and three others take their offsets before the lane looks again."""
    some = [control(registered()), control(access())]
    kept = lanes.publish(*some) if lane == "controls" else lanes.publish(named("a"), named("b"))
    lanes.keep_broker()
    running = lanes.start(lane)
    assert lanes.applied(kept[-1]), lanes.log()
    lost = lanes.publish(*some) if lane == "controls" else lanes.publish(named("c"), named("d"))
    assert lanes.applied(lost[-1]), lanes.log()
    running.send_signal(signal.SIGSTOP)
    lanes.lose_tail()
    others: list[ClinicalEntry | Control] = (
        [about_other(one) for one in (*some, some[0])]
        if lane == "controls"
        else [named("e"), named("f"), named("g")]
    )
    taken = lanes.publish(*others)
    assert [one.offset for one in taken[:2]] == [one.offset for one in lost]
    running.send_signal(signal.SIGCONT)

    ended = await_true(lambda: running.poll() is not None, timeout_s=PATIENCE_S)
    assert ended, f"{lane} goes on; {lanes.account().sentence()}"
    while running.returncode == ExitCode.DEPENDENCY_DOWN:  # it was stopped while it published
        running = lanes.start(lane)
        running.wait(PATIENCE_S)
    assert running.returncode == ExitCode.SAFETY, lanes.log()
    # which of the two it notices first depends on when it looks
    pages = ("runbook/log-is-another-one.md", "runbook/position-outside-log.md")
    assert any(page in lanes.log() for page in pages)
    assert lanes.position(CONTROLS if lane == "controls" else ENTRIES) == 4, "it read on"
    assert lanes.start(lane).wait(PATIENCE_S) == ExitCode.SAFETY


@pytest.mark.parametrize("topic", [ENTRIES, CONTROLS], ids=lambda one: one.name)
def test_a_topic_made_again_ends_its_lane_while_it_runs(lanes: Lanes, topic: object) -> None:
    assert topic in (ENTRIES, CONTROLS)
    read = ENTRIES if topic is ENTRIES else CONTROLS
    lane = lanes.start(read.name)
    message = named("a") if read is ENTRIES else control(registered())
    (first,) = lanes.publish(message)
    assert lanes.applied(first), lanes.log()
    admin, name = lanes.admin(), topic_name(read, lanes.settings)
    admin.delete_topics([name])
    assert await_true(lambda: name not in admin.list_topics(), timeout_s=PATIENCE_S)
    create_topics(lanes.settings)
    admin.close()

    assert await_true(lambda: lane.poll() is not None, timeout_s=PATIENCE_S), "it reads on"
    assert lane.returncode == ExitCode.SAFETY, lanes.log()
    # its consumer may be the first to notice
    assert "runbook/topic-replaced.md" in lanes.log() or "position-outside-log.md" in lanes.log()
    assert lanes.start(read.name).wait(PATIENCE_S) == ExitCode.SAFETY
    assert "runbook/topic-replaced.md" in lanes.log()


def test_records_removed_before_a_lane_read_them_end_it(lanes: Lanes) -> None:
    lane = lanes.start("entries")
    (first,) = lanes.publish(named("a"))
    assert lanes.applied(first), lanes.log()
    lane.send_signal(signal.SIGSTOP)
    removed, _ = lanes.publish(named("b"), named("c"))
    admin = lanes.admin()
    place = TopicPartition(topic_name(ENTRIES, lanes.settings), 0)
    admin.delete_records({place: removed.offset + 1})
    admin.close()
    lane.send_signal(signal.SIGCONT)

    # what was on its way to the lane already may still come through
    (last,) = lanes.publish(named("d"))
    if not await_true(lambda: lane.poll() is not None, timeout_s=5):
        assert lanes.applied(last)
        return
    assert lane.returncode == ExitCode.SAFETY
    assert "runbook/position-outside-log.md" in lanes.log()
