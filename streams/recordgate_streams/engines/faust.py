"""Runs a lane on Faust, in the strict pattern that loses nothing (docs/adr/0002-faust-strictly.md).

Raw bytes, one agent, one batch at a time, acknowledged in order and only after the lane has committed and published.
SAFETY: any exception ends the process at once; inside Faust an exception that propagates acknowledges its event.
"""

import asyncio
import os
import time
from functools import partial
from typing import Any

import faust
from faust.types import EventT

from recordgate_runtime.health import Health
from recordgate_runtime.kafka import topic_name
from recordgate_runtime.kafka_access import MECHANISM, KafkaAccess, access
from recordgate_runtime.logs import LogCode, log, where
from recordgate_runtime.metrics import OLDEST_UNDECIDED
from recordgate_runtime.partition_watch import PartitionWatch
from recordgate_runtime.process import exit_code
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RecordgateError, UsageError
from recordgate_streams.engines.byte_room import ByteRoom
from recordgate_streams.inspection.gauges import refresh_account
from recordgate_streams.lanes.lane import Lane, LaneName, open_lane
from recordgate_streams.lanes.restore import lane_group

TICK_S = 1.0
"""Seconds between two checks whether the time of a patient has come."""


def run(name: LaneName, settings: Settings) -> None:
    """Run the lane until the process is asked to stop."""
    # only one lane exports the account, or a dashboard would count every record twice
    refresh = partial(refresh_account, settings) if name == "entries" else None
    health = Health(refresh)
    health.serve(settings.metrics_port)
    lane = open_lane(name, settings)
    app = create_app(name, lane, settings, health, PartitionWatch(settings, lane.partitions))
    worker = faust.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.execute_from_commandline()


def create_app(
    name: LaneName, lane: Lane, settings: Settings, health: Health, watch: PartitionWatch
) -> faust.App:
    """Return the Faust app of a lane: one agent over one topic."""
    app = _bare_app(name, settings)
    source = app.topic(
        topic_name(lane.topic, settings), key_serializer="raw", value_serializer="raw"
    )
    one_at_a_time = asyncio.Lock()

    async def decide(stream: Any) -> None:
        room = ByteRoom(settings.batch_bytes)
        stream.add_processor(room.enter)
        batches = stream.noack_take(settings.batch_entries, within=settings.batch_wait_s)
        async for events in batches:
            async with one_at_a_time:
                await _guarded(lane.process_batch, [_record(e, lane) for e in events], name)
            for event in events:
                event.ack()
            room.empty()

    owned: list[int] = []

    async def resume(_app: Any, partitions: Any, **_: Any) -> None:
        assigned = sorted(tp.partition for tp in partitions if tp.topic == source.get_topic_name())
        async with one_at_a_time:
            await _guarded(partial(_resume, lane, watch), assigned, name)
            owned[:] = assigned
        health.ready()
        log(LogCode.STARTED, lane=name, topic=lane.topic.name)

    async def tick() -> None:
        if owned:
            async with one_at_a_time:
                await _guarded(partial(_tick, lane, watch), list(owned), name)

    app.agent(source, concurrency=1, name=f"decide-{name}")(decide)
    app.timer(interval=TICK_S)(tick)
    app.on_partitions_assigned.connect(resume, weak=False)  # type: ignore[arg-type]
    return app


def _resume(lane: Lane, watch: PartitionWatch, partitions: list[int]) -> None:
    watch.check()
    lane.resume(partitions)


def _tick(lane: Lane, watch: PartitionWatch, partitions: list[int]) -> None:
    watch.check_if_due()
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
        consumer_auto_offset_reset="earliest",
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


async def _guarded(work: Any, argument: list[Any], name: LaneName) -> None:
    """Do the work in a thread, so that heartbeats go on; end the process on any error."""
    try:
        if argument and isinstance(argument[0], Record):
            oldest = min(record.timestamp_ms for record in argument) / 1000
            OLDEST_UNDECIDED.labels(name).set(max(0.0, time.time() - oldest))
        await asyncio.to_thread(work, argument)
        OLDEST_UNDECIDED.labels(name).set(0)
    except BaseException as error:  # noqa: BLE001  see the module's SAFETY note
        ours = isinstance(error, RecordgateError)
        log(
            LogCode.FATAL if ours else LogCode.CRASHED,
            lane=name,
            error=type(error).__name__,
            where=where(error),
            advice=str(error) if ours else "restarting from the ledger",
        )
        os._exit(exit_code(error))


def _record(event: EventT[Any], lane: Lane) -> Record:
    message = event.message
    return Record(
        lane.topic.name,
        message.partition,
        message.offset,
        int(message.timestamp * 1000),
        message.key,
        message.value,
        lane.partitions,
    )
