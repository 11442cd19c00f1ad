"""Runs a lane on Faust, in the strict pattern that loses nothing (docs/adr/0002-faust-strictly.md).

Raw bytes, one agent, one batch at a time, acknowledged in order and only after the lane has committed and published.
SAFETY: any exception ends the process at once; inside Faust an exception that propagates acknowledges its event.
"""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn, TypeVar

import faust
from faust.types import EventT

from recordgate_runtime.health import Health
from recordgate_runtime.kafka import not_let_in, topic_name
from recordgate_runtime.kafka_access import MECHANISM, KafkaAccess, access
from recordgate_runtime.log_watch import OUTSIDE_PAGE, Before, LogWatch
from recordgate_runtime.logs import LogCode, log, where
from recordgate_runtime.pace import Pace
from recordgate_runtime.positions import Span
from recordgate_runtime.process import exit_code
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RecordgateError, UsageError
from recordgate_streams.engines.byte_room import ByteRoom, wait_for_the_first
from recordgate_streams.engines.decide import decide
from recordgate_streams.engines.faust_consumer import LaneTransport, LogOfLane
from recordgate_streams.engines.trail import Trail
from recordgate_streams.inspection.gauges import refresh_account
from recordgate_streams.lanes.lane import Lane, LaneName, open_lane, open_watch
from recordgate_streams.lanes.restore import lane_group

TICK_S = 1.0
"""Seconds between two checks whether the time of a patient has come, and two looks at the log."""

ASK_AGAIN_S = 0.2
"""Seconds until a broker that did not answer is asked again."""

T = TypeVar("T")


def run(name: LaneName, settings: Settings) -> None:
    """Run the lane until the process is asked to stop."""
    # only one lane exports the account, or a dashboard would count every record twice
    refresh = partial(refresh_account, settings) if name == "entries" else None
    health = Health(refresh)
    health.serve(settings.metrics_port)
    lane = open_lane(name, settings)
    app = create_app(name, lane, settings, health, open_watch(lane, settings))
    worker = faust.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False)
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    worker.execute_from_commandline()


def create_app(
    name: LaneName, lane: Lane, settings: Settings, health: Health, watch: LogWatch
) -> faust.App:
    """Return the Faust app of a lane: one agent over one topic."""
    app, trail = _bare_app(name, settings), Trail()
    source = app.topic(
        topic_name(lane.topic, settings), key_serializer="raw", value_serializer="raw"
    )
    one_at_a_time = asyncio.Lock()

    async def look() -> None:
        await _guarded(name, watch.check_if_due)

    async def take(stream: Any) -> None:
        room, pace = _paced(stream, settings)
        batches = stream.noack_take(settings.batch_entries, within=settings.batch_wait_s)
        async for events in batches:
            async with one_at_a_time:
                records = [_record(e, lane, trail) for e in events]
                with pace.batch():
                    await _guarded(name, partial(decide, name, lane), records)
            for event in events:
                event.ack()
            room.empty()

    owned: list[int] = []

    async def resume(_app: Any, partitions: Any, **_: Any) -> None:
        assigned = sorted(tp.partition for tp in partitions if tp.topic == source.get_topic_name())
        async with one_at_a_time:
            await _guarded(name, lane.resume, assigned)
            owned[:] = assigned
        health.ready()
        log(LogCode.STARTED, lane=name, topic=lane.topic.name)

    async def tick() -> None:
        if owned:
            async with one_at_a_time:
                await _guarded(name, partial(_tick, lane, trail), list(owned))

    async def stop(_app: Any, **_: Any) -> None:
        async with one_at_a_time:
            await asyncio.to_thread(lane.stop)

    app.transport = LaneTransport(app, _log_of(name, lane, watch, trail))
    app.agent(source, concurrency=1, name=f"decide-{name}")(take)
    app.timer(interval=TICK_S)(tick)
    app.timer(interval=TICK_S)(look)
    app.on_partitions_assigned.connect(resume, weak=False)  # type: ignore[arg-type]
    app.on_before_shutdown.connect(stop, weak=False)  # type: ignore[arg-type]
    return app


def _paced(stream: Any, settings: Settings) -> tuple[ByteRoom, Pace]:
    """Bound what the stream gathers, and say when it gathers."""
    room, pace = ByteRoom(settings.batch_bytes), Pace(settings.batch_wait_s)
    stream.add_processor(room.enter)
    wait_for_the_first(stream, room, pace.rest_s)
    return room, pace


def _log_of(name: LaneName, lane: Lane, watch: LogWatch, trail: Trail) -> LogOfLane:
    return LogOfLane(
        trail,
        begin=partial(_guarded, name, watch.begin),
        confirm=partial(_guarded, name, partial(_confirm, watch)),
        gone=partial(_gone, name, lane),
        refused=partial(_refused, name, lane),
    )


def _confirm(watch: LogWatch, before: Mapping[int, Before]) -> None:
    """Confirm; a broker that does not answer is asked again for a while."""
    while not watch.confirm(before):
        time.sleep(ASK_AGAIN_S)


def _tick(lane: Lane, trail: Trail, partitions: list[int]) -> None:
    passed = trail.passed()
    lane.pass_over([Span(lane.topic.name, p, *passed[p]) for p in partitions if p in passed])
    lane.tick(partitions)


def _bare_app(name: LaneName, settings: Settings) -> faust.App:
    datadir = settings.home / "faust" / name
    try:
        datadir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"RECORDGATE_HOME: {datadir}: {error.strerror}; name another") from None
    return faust.App(
        lane_group(name, settings),
        broker=[f"kafka://{address}" for address in settings.kafka.split(",")],
        broker_credentials=_credentials(access(settings)),
        datadir=datadir,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="none",
        broker_commit_interval=0.5,
        stream_buffer_maxsize=settings.batch_entries,
        stream_wait_empty=True,
        consumer_group_instance_id=f"{name}-{settings.process}",
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )


def _credentials(broker: KafkaAccess) -> Any:
    tls = broker.tls()
    if broker.user:
        return faust.SASLCredentials(
            username=broker.user, password=broker.password, mechanism=MECHANISM, ssl_context=tls
        )
    return faust.SSLCredentials(context=tls) if tls else None


async def _guarded(name: LaneName, work: Callable[..., T], *arguments: Any) -> T:
    """Do the work in a thread, so that heartbeats go on; end the process on any error."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except BaseException as error:  # noqa: BLE001  see the module's SAFETY note
        _end(name, error)


def _gone(name: LaneName, lane: Lane) -> NoReturn:
    _end(
        name,
        FatalError(
            f"{lane.topic.name}: the log no longer holds what comes next; see {OUTSIDE_PAGE}"
        ),
    )


def _refused(name: LaneName, lane: Lane) -> NoReturn:
    _end(name, not_let_in(lane.topic.name))


def _end(name: LaneName, error: BaseException) -> NoReturn:
    ours = isinstance(error, RecordgateError)
    log(
        LogCode.FATAL if ours else LogCode.CRASHED,
        lane=name,
        error=type(error).__name__,
        where=where(error),
        advice=str(error) if ours else "restarting from the ledger",
    )
    os._exit(exit_code(error))


def _record(event: EventT[Any], lane: Lane, trail: Trail) -> Record:
    message = event.message
    return Record(
        lane.topic.name,
        message.partition,
        message.offset,
        round(message.timestamp * 1000),  # Faust has made a fraction of it
        message.key,
        message.value,
        lane.partitions,
        gap_from=trail.gap_from(message.partition, message.offset),
    )
