"""Kafka at the edges: topics, and reading partitions from a position of our own. Every option spelled out.

kafka-python ships no types; this file wraps it in typed functions. Checksums need the package `crc32c`; without it
reading costs twelve times the CPU, so its absence is an error.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import crc32c as _crc32c  # noqa: F401  see above
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from recordgate_runtime.kafka_access import access
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import FatalError, RetryableError
from recordgate_schemas.topics import TOPICS, Topic

PARTITIONS_PAGE = "docs/runbook/partitions.md"
SETTINGS_PAGE = "docs/runbook/topic-settings.md"

REQUIRED = {"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}
"""What every topic must be set to. SAFETY: compaction drops a patient's earlier controls, unread ones too; dates that
publishers choose make a record count from when they like.
"""
POSITION_WAIT_MS = 1_000
"""How long to wait for where a partition's reader is, when its leader has to be asked."""

BATCH_BYTES = 1024 * 1024
"""Most bytes a producer may put into one batch. The broker's limit is on batches, so no topic's may be lower."""


REPLAY_HEADER = "recordgate-replay-of"
"""The header of a replayed control: the coordinates of its original (docs/adr/0013-*.md). Only the gate reads it."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """What the broker knows about a topic. `epochs`: how often each partition's leader has changed."""

    topic_id: str
    partitions: int
    epochs: Mapping[int, int] = field(default_factory=dict)


def topic_name(topic: Topic, settings: Settings) -> str:
    """Return the topic's name on the broker, with the configured prefix."""
    return settings.topic_prefix + topic.name


def create_topics(settings: Settings) -> list[str]:
    """Create what is missing of the topic catalogue and return the names created."""
    admin = open_admin(settings)
    try:
        existing = set(admin.list_topics())
        missing = [t for t in TOPICS if topic_name(t, settings) not in existing]
        if missing:
            admin.create_topics(
                {topic_name(t, settings): _options(t, settings) for t in missing},
                wait_for_metadata=True,
            )
        return [topic_name(t, settings) for t in missing]
    except KafkaError as error:
        raise RetryableError(f"Kafka refused the topics ({type(error).__name__})") from error
    finally:
        admin.close()


def _options(topic: Topic, settings: Settings) -> dict[str, Any]:
    return {
        "num_partitions": settings.partitions,
        "replication_factor": settings.replication,
        "configs": {
            "retention.ms": str(topic.retention_ms),
            "max.message.bytes": str(max(topic.max_bytes, BATCH_BYTES) + 65_536),
            **REQUIRED,
        },
    }


def topic_state(topic: Topic, settings: Settings) -> TopicState:
    """Return the topic's id and partition count; raise RetryableError when it does not exist yet."""
    return topic_states([topic], settings)[topic.name]


def topic_states(topics: Iterable[Topic], settings: Settings) -> dict[str, TopicState]:
    """Return id and partition count of each topic by name; raise RetryableError when one does not exist yet."""
    admin = open_admin(settings)
    try:
        return describe(admin, tuple(topics), settings)
    finally:
        admin.close()


def describe(admin: Any, topics: Sequence[Topic], settings: Settings) -> dict[str, TopicState]:
    """Return id and partition count of each topic by name, over a connection that stays open."""
    names = {topic_name(topic, settings): topic.name for topic in topics}
    try:
        found = admin.describe_topics(list(names))
    except KafkaError as error:
        which = ", ".join(names.values())
        raise RetryableError(f"topic {which}: {type(error).__name__}") from error
    states = {
        names[one["name"]]: TopicState(
            str(one["topic_id"]),
            len(one["partitions"]),
            {p["partition_index"]: p["leader_epoch"] for p in one["partitions"]},
        )
        for one in found
        if one.get("partitions")
    }
    if missing := sorted(set(names.values()) - states.keys()):
        raise RetryableError(f"topic {', '.join(missing)} is not there; run `recordgate topics`")
    return states


def check_settings(admin: Any, topic: Topic, settings: Settings) -> None:
    """Compare a topic's settings with REQUIRED; raise FatalError when one is another, RetryableError without answer."""
    name = topic_name(topic, settings)
    asked = ConfigResource(ConfigResourceType.TOPIC, name, dict(REQUIRED))
    try:
        found = admin.describe_configs([asked], config_filter="all")["topic"][name]
    except KafkaError as error:
        raise RetryableError(f"{name}: {type(error).__name__}") from error
    for setting, right in REQUIRED.items():
        if (value := found[setting]["value"]) != right:
            raise FatalError(
                f"{topic.name}: {setting} is {value} and must be {right}; see {SETTINGS_PAGE}"
            )


def open_admin(settings: Settings, answer_s: float = 30) -> Any:
    """Connect for administration; raise RetryableError when the broker does not answer."""
    broker, wait_ms = access(settings), int(answer_s * 1000)
    waiting = {"request_timeout_ms": wait_ms, "bootstrap_timeout_ms": wait_ms}
    try:
        return KafkaAdminClient(**{**broker.kafka_python(), **waiting})
    except KafkaError as error:
        raise RetryableError(broker.away) from error


def not_let_in(name: str) -> RetryableError:
    """Return what a reader ends with that the broker refuses: somebody may give the right back."""
    return RetryableError(f"{name}: Kafka does not let this user read it; see docs/access.md")


class PartitionReader:
    """Reads all partitions of one topic from positions the caller keeps; never commits to Kafka."""

    def __init__(self, topic: Topic, settings: Settings, positions: dict[int, int]) -> None:
        self._name = topic_name(topic, settings)
        self._consumer = open_consumer(settings, topic)
        self._partitions = [TopicPartition(self._name, p) for p in sorted(positions)]
        self._consumer.assign(self._partitions)
        for tp in self._partitions:
            self._consumer.seek(tp, positions[tp.partition])
        self._topic = topic
        self._next = dict(positions)

    def poll(self, wait_s: float, limit: int) -> list[Record]:
        """Return up to `limit` records, in offset order per partition; empty when none came in time."""
        with self._reading():
            batches = self._consumer.poll(timeout_ms=int(wait_s * 1000), max_records=limit)
        return [self._record(message) for batch in batches.values() for message in batch]

    def passed(self) -> list[Span]:
        """Return the offsets behind the records polled that hold none.

        Transaction markers and aborted records take offsets; the broker says where the next record may lie.
        """
        found = []
        for tp in self._partitions:
            first = self._next[tp.partition]
            with (
                self._reading()
            ):  # a new leader may have to be asked first whether the log is the same
                end = self._consumer.position(tp, timeout_ms=POSITION_WAIT_MS)
            if end is not None and end != first:
                found.append(Span(self._topic.name, tp.partition, first, int(end)))
                self._next[tp.partition] = int(end)
        return found

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Say in our errors what the client raises: the log has lost what comes next, or the broker refuses."""
        try:
            yield
        except _GONE as error:
            raise FatalError(
                f"{self._name}: the log no longer holds what comes next ({type(error).__name__});"
                " see docs/runbook/position-outside-log.md"
            ) from None
        except AuthorizationError:
            raise not_let_in(self._name) from None
        except KafkaError as error:
            raise RetryableError(f"{self._name}: {type(error).__name__}") from None

    def _record(self, message: Any) -> Record:
        gap_from = self._next[message.partition]
        self._next[message.partition] = message.offset + 1
        return as_record(message, len(self._partitions), self._topic.name, gap_from)

    def end_offsets(self) -> dict[int, int]:
        """Return where each partition's log ends now."""
        return {
            tp.partition: int(end)
            for tp, end in self._consumer.end_offsets(self._partitions).items()
        }

    def close(self) -> None:
        """Disconnect; there is no consumer group to leave."""
        self._consumer.close()


_GONE = (OffsetOutOfRangeError, NoOffsetForPartitionError, LogTruncationError)
"""What the client raises when records between the position and the log's beginning, or its end, are lost."""


def open_consumer(settings: Settings, topic: Topic, **options: Any) -> Any:
    """Return a consumer of committed records, in no group, from nowhere in particular."""
    broker = access(settings)
    try:
        return KafkaConsumer(
            **{
                **broker.kafka_python(),
                "group_id": None,
                "enable_auto_commit": False,
                "auto_offset_reset": "none",
                "isolation_level": "read_committed",
                "fetch_min_bytes": 1,
                "fetch_max_wait_ms": 500,
                "reconnect_backoff_max_ms": 1000,
                "max_partition_fetch_bytes": max(1 << 20, topic.max_bytes + 8192),
                "check_crcs": True,
                **options,
            }
        )
    except KafkaError as error:
        raise RetryableError(broker.away) from error


def as_record(
    message: Any, partitions: int, topic: str | None = None, gap_from: int | None = None
) -> Record:
    """Return what the client received as a record; `partitions`: how many its topic has, `topic`: our name for it."""
    replay_of = None
    for name, value in message.headers:
        if name == REPLAY_HEADER:
            replay_of = value
    return Record(
        topic or message.topic,
        message.partition,
        message.offset,
        message.timestamp,
        message.key,
        message.value,
        partitions,
        replay_of,
        gap_from,
    )


def partition_counts(topics: Iterable[Topic], settings: Settings) -> dict[str, int]:
    """Return each topic's partition count; all must be equal, or per-patient order would break."""
    counts = {name: state.partitions for name, state in topic_states(topics, settings).items()}
    if len(set(counts.values())) > 1:
        raise FatalError(f"topics differ in partitions: {counts}; see {PARTITIONS_PAGE}")
    return counts
