"""What an engine runs: a lane takes batches of one topic, and resumes what a crash cut short."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, Protocol

from recordgate_runtime.clock import SystemClock
from recordgate_runtime.kafka import partition_counts, topic_state
from recordgate_runtime.log_watch import LogWatch
from recordgate_runtime.positions import Span
from recordgate_runtime.postgres import connect
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings, need
from recordgate_runtime.waiting import await_servers
from recordgate_schemas.errors import RecordgateError
from recordgate_schemas.topics import TOPICS, Topic
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.lanes.controls import ControlsLane
from recordgate_streams.lanes.entries import EntriesLane
from recordgate_streams.lanes.publish import KafkaPublisher
from recordgate_streams.lanes.topic_log import TopicLog
from recordgate_streams.ledger.clock import CheckedClock
from recordgate_streams.ledger.quarantine_seal import read_seal_or_warn
from recordgate_streams.ledger.rules import RulesInForce
from recordgate_streams.ledger.unit_of_work import LaneLedger

LaneName = Literal["entries", "controls"]


class Lane(Protocol):
    """One lane of the decider."""

    topic: Topic

    @property
    def partitions(self) -> int:
        """How many partitions every topic has, as the ledger adopted it."""

    def resume(self, partitions: Sequence[int]) -> None:
        """Finish what a crash cut short on these partitions."""

    def tick(self, partitions: Sequence[int]) -> None:
        """Do what time asks for on these partitions; called about once a second."""

    def stop(self) -> None:
        """Put things in order before the process ends by request; a killed one does without."""

    def process_batch(self, records: Sequence[Record]) -> None:
        """Account for every record, decide, commit, publish; raise to end the process."""

    def pass_over(self, spans: Sequence[Span]) -> None:
        """Move past offsets that hold no record, where everything before them is accounted for."""


def open_lane(name: LaneName, settings: Settings) -> Lane:
    """Return a lane over a new ledger connection, its partitions adopted and the topics' shape checked."""
    dsn = need(settings.ledger_dsn, "RECORDGATE_LEDGER_DSN")
    await_servers(settings, dsn, "decider")
    partition_counts(TOPICS, settings)
    connection = connect(dsn, "decider", autocommit=True)
    bodies = BodyReader()
    topics = TopicLog(settings)
    ledger = LaneLedger(
        name,
        connection,
        KafkaPublisher(settings).publish,
        CheckedClock(SystemClock(), timedelta(seconds=settings.clock_difference_s)),
        RulesInForce(),
        bodies=bodies,
        most_bytes=settings.batch_bytes,
        newest=topics.newest,
        seal=read_seal_or_warn(settings.quarantine_key),
    )
    lane: Lane = (
        EntriesLane(ledger, bodies, settings)
        if name == "entries"
        else ControlsLane(ledger, settings, topics.ends)
    )
    state = topic_state(lane.topic, settings)
    try:
        ledger.adopt(lane.topic, state.topic_id, state.partitions)
    except RecordgateError:
        connection.close()
        raise
    return lane


def open_watch(lane: Lane, settings: Settings) -> LogWatch:
    """Return what sees that a lane's log stays the same, on a connection of its own: no batch keeps it waiting."""
    return LogWatch(lane.topic, settings, connect(settings.ledger_dsn, "decider", autocommit=True))
