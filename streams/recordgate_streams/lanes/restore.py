"""What `recordgate restore` does: a new incarnation for a ledger that was restored, moved or promoted.

Only the ledger changes here. The controls lane does the rest (restoration.py).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from recordgate_runtime import positions
from recordgate_runtime.clock import Clock
from recordgate_runtime.groups import count_members
from recordgate_runtime.kafka import partition_counts, topic_states
from recordgate_runtime.kafka_access import group_name
from recordgate_runtime.postgres import Connection
from recordgate_runtime.settings import Settings
from recordgate_runtime.tails import log_starts
from recordgate_schemas.errors import FatalError, RecordgateError, RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, TOPICS
from recordgate_streams.lanes.topic_log import TopicLog
from recordgate_streams.ledger.incarnations import PAGE, IncarnationStore

SOURCES = (ENTRIES, CONTROLS)
PATIENCE_S = 15
"""So long the broker may count a process that has died."""


class StillRunning(RecordgateError):
    """A lane still works on the ledger that is to begin anew."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The incarnation begun, and how many offsets of each source the lanes will read again."""

    incarnation: int
    to_read: Mapping[str, int]


def lane_group(lane: str, settings: Settings) -> str:
    """Return the consumer group of a lane, whose offsets are a hint only."""
    return group_name(f"decide-{lane}", settings)


def restore(
    ledger: Connection, settings: Settings, clock: Clock, patience_s: float = PATIENCE_S
) -> Restored:
    """Begin a new incarnation. Repeating it does no harm: each time another one begins.

    Raises StillRunning while a lane runs, and FatalError when the topics no longer hold what the ledger has to read.
    """
    _refuse_while_lanes_run(settings, patience_s)
    partitions = _adopt(ledger, settings)
    log = TopicLog(settings)
    to_read = _to_read(ledger, log, partitions, settings)
    published = {one.incarnation for one in log.newest(range(partitions))}
    number = IncarnationStore(ledger).begin_next(published, partitions, clock.now())
    return Restored(number, to_read)


def _refuse_while_lanes_run(settings: Settings, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while _is_running(settings, last_time=time.monotonic() >= deadline):
        time.sleep(0.5)


def _is_running(settings: Settings, *, last_time: bool) -> bool:
    """Whether a lane runs, or nobody can say; raise when it is the last time to ask."""
    try:
        running = [t for t in SOURCES if count_members(lane_group(t.name, settings), settings)]
    except RetryableError:
        if last_time:
            raise
        return True
    if running and last_time:
        lanes = " and ".join(topic.name for topic in running)
        raise StillRunning(
            f"stop the decider first: {lanes} still runs; nothing was changed, see {PAGE}"
        )
    return bool(running)


def _adopt(ledger: Connection, settings: Settings) -> int:
    """Return the number of partitions; the topics are those that the ledger has read, or it has read none."""
    partitions = next(iter(partition_counts(TOPICS, settings).values()))
    states = topic_states(SOURCES, settings)
    with ledger.transaction():
        positions.adopt_partitions(ledger, partitions)
        for name, state in states.items():
            for partition in range(partitions):
                positions.adopt(ledger, name, state.topic_id, partition)
    return partitions


def _to_read(
    ledger: Connection, log: TopicLog, partitions: int, settings: Settings
) -> dict[str, int]:
    ends = log.ends(range(partitions))
    found = {}
    for place, topic in enumerate(SOURCES):
        starts = log_starts(topic, range(partitions), settings)
        at = positions.read(ledger, topic.name)
        for partition in range(partitions):
            if at[partition] < starts[partition]:
                raise FatalError(
                    f"{topic.name}/{partition}: the ledger has read up to {at[partition]}, the topic begins at"
                    f" {starts[partition]}: what lies between is lost to this backup; see {PAGE}"
                )
        found[topic.name] = sum(max(0, ends[p][place] - at[p]) for p in range(partitions))
    return found
