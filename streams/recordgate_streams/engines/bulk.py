"""Runs a lane on librdkafka, in one thread: fetch a batch, decide it, acknowledge it (docs/adr/0021-two-engines.md).

For backlogs and bulk loads. Any error ends the process; its supervisor starts it again, from the ledger's positions.
"""

import gc
import time
from collections.abc import Mapping, Sequence
from functools import partial

from recordgate_runtime.health import Health
from recordgate_runtime.log_watch import LogWatch
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.pace import Pace
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_runtime.sink import StopRequest
from recordgate_streams.engines.decide import decide
from recordgate_streams.engines.group_reader import GroupReader
from recordgate_streams.inspection.gauges import refresh_account
from recordgate_streams.lanes.lane import Lane, LaneName, open_lane, open_watch
from recordgate_streams.lanes.restore import lane_group

TICK_S = 1.0
"""Seconds between two checks whether the time of a patient has come."""

IDLE_S = 0.2
"""Seconds to wait for a record before looking at the log, the time and a request to stop."""

ASK_AGAIN_S = 0.2
"""Seconds until a broker that did not answer is asked again."""


def run(name: LaneName, settings: Settings) -> None:
    """Run the lane until the process is asked to stop."""
    stop = StopRequest()
    health = Health(partial(refresh_account, settings) if name == "entries" else None)
    health.serve(settings.metrics_port)
    lane = open_lane(name, settings)
    watch = open_watch(lane, settings)
    begin = partial(_begin, name, lane, watch, health)
    reader = GroupReader(lane, lane_group(name, settings), settings, begin)
    pace = Pace(settings.batch_wait_s)
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    due = time.monotonic()
    while not stop.requested:
        watch.check_if_due()
        records = reader.read(IDLE_S, pace.rest_s)
        with pace.batch():
            if records and _is_confirmed(watch, records, stop):
                decide(name, lane, records)
                reader.acknowledge()
        if reader.owned and time.monotonic() >= due:
            lane.pass_over(reader.passed())
            lane.tick(reader.owned)
            due = time.monotonic() + TICK_S
    lane.stop()
    reader.close()
    watch.close()


def _begin(
    name: LaneName, lane: Lane, watch: LogWatch, health: Health, partitions: Sequence[int]
) -> Mapping[int, int]:
    """Finish what a crash cut short, and return where to read on, once the log was found to be the same."""
    positions = watch.begin()
    lane.resume(partitions)
    health.ready()
    log(LogCode.STARTED, lane=name, topic=lane.topic.name)
    return {partition: positions[partition].next_offset for partition in partitions}


def _is_confirmed(watch: LogWatch, records: Sequence[Record], stop: StopRequest) -> bool:
    """Wait until the records before these were found again; False when asked to stop meanwhile."""
    touched = {record.partition for record in records}
    while not stop.requested:
        if watch.confirm_stored(touched):
            return True
        time.sleep(ASK_AGAIN_S)
    return False
