"""Builds the records consumers read, and applies them as the sinks do, with the offsets a broker would give."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.metrics import POISON
from recordgate_runtime.record import Record
from recordgate_runtime.routing import partition_of
from recordgate_runtime.settings import Settings
from recordgate_runtime.sink import Batches, Handler
from recordgate_schemas import codec
from recordgate_schemas.control import (
    Change,
    Control,
    Level,
    ProxyGranted,
    Registered,
    RegistrationKind,
    Verification,
)
from recordgate_schemas.entry import Kind
from recordgate_schemas.messages import (
    Closed,
    Held,
    HoldClosed,
    HoldOpened,
    IncarnationMessage,
    IncarnationState,
    Queue,
    Redecided,
    Release,
    Released,
    Retract,
    TaskClosed,
    TaskKind,
    TaskOpened,
)
from recordgate_schemas.topics import CONTROLS, HELD, RELEASED, Topic
from recordgate_schemas.values import SELF, Audience, EntryId, GrantId, NhsNumber, OdsCode

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRACTICE = OdsCode("A82038")
OTHER_PRACTICE = OdsCode("B81001")
Message = TypeVar("Message", Released, Held)
INCARNATION = 1
"""The ledger's incarnation, unless a test says that it was restored."""
BODY = b'{"resourceType":"Observation","code":{"text":"Blood pressure"}}'


def patient(index: int) -> NhsNumber:
    """Return a number from the range kept for tests; a hundred thousand indices give different ones."""
    stem = 999_000_000 + index * 7
    while True:
        digits = f"{stem:09d}"
        check = (11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True))) % 11
        if check != 10:
            return NhsNumber.parse(f"{digits}{check}")
        stem += 1


def at(hours: float = 0) -> datetime:
    """Return an instant so many hours after the tests' noon."""
    return NOW + timedelta(hours=hours)


def registered(on: date = date(2020, 1, 1), practice: OdsCode = PRACTICE) -> Registered:
    return Registered(
        practice, on, date(1980, 5, 5), RegistrationKind.REGULAR, Verification.VERIFIED
    )


def granted(grant_id: str = "g1", until: date | None = None) -> ProxyGranted:
    return ProxyGranted(
        GrantId(grant_id), PRACTICE, Level.FULL, date(2024, 1, 1), until, None, None
    )


def control(
    change: Change,
    who: NhsNumber,
    *,
    offset: int,
    partition: int = 0,
    effective: datetime = NOW,
    broker: datetime | None = None,
) -> Record:
    """Return a control as a record of `controls`."""
    message = Control(f"c{offset}", who, effective, "test", change)
    value = codec.encode(CONTROLS, message)
    return record(
        CONTROLS,
        value,
        who.digits,
        offset=offset,
        partition=partition,
        broker=broker or at(100),
    )


def release(
    sequence: int,
    who: NhsNumber,
    entry: str = "e1",
    *,
    audience: Audience = SELF,
    under: int = 0,
    body: bytes = BODY,
    sha256: bytes | None = None,
    version: int = 1,
    event_date: date | None = date(2026, 11, 1),
    valid_until: datetime | None = None,
) -> Released:
    change = Release(
        audience,
        EntryId(entry),
        version,
        Kind.OBSERVATION,
        event_date,
        NOW,
        redacted=False,
        valid_until=valid_until,
        body=body,
        body_type="application/fhir+json",
        body_sha256=sha256 or hashlib.sha256(body).digest(),
    )
    return Released(INCARNATION, sequence, who, under, NOW, change)


def retract(
    sequence: int,
    who: NhsNumber,
    entry: str = "e1",
    *,
    audience: Audience = SELF,
    under: int = 0,
) -> Released:
    return Released(INCARNATION, sequence, who, under, NOW, Retract(audience, EntryId(entry)))


def redecided(sequence: int, who: NhsNumber, through: int, lifts: int = -1) -> Released:
    return Released(INCARNATION, sequence, who, through, NOW, Redecided(through, lifts=lifts))


def closing(sequence: int, who: NhsNumber) -> Released:
    return Released(INCARNATION, sequence, who, -1, NOW, Closed())


def of_incarnation(incarnation: int, message: Message) -> Message:
    return replace(message, incarnation=incarnation)


def about_partition(
    incarnation: int, sequence: int, state: IncarnationState, partition: int = 0
) -> IncarnationMessage:
    return IncarnationMessage(incarnation, sequence, partition, state)


def opened(
    sequence: int,
    who: NhsNumber,
    entry: str = "e1",
    *,
    reasons: tuple[str, ...] = ("LINKED",),
    when: datetime = NOW,
    version: int = 1,
    practice: OdsCode = PRACTICE,
    audience: Audience = SELF,
    queue: Queue = Queue.PRACTICE,
    hide_first: bool = False,
    bulk_release: bool = True,
) -> Held:
    change = HoldOpened(
        audience,
        EntryId(entry),
        version,
        practice,
        Kind.OBSERVATION,
        date(2026, 11, 1),
        reasons,
        queue,
        hide_first,
        bulk_release,
        5,
        "ruleset-1",
        BODY,
        "application/fhir+json",
        hashlib.sha256(BODY).digest(),
    )
    return Held(INCARNATION, sequence, who, when, change)


def closed(sequence: int, who: NhsNumber, entry: str = "e1", *, outcome: str = "RELEASED") -> Held:
    return Held(INCARNATION, sequence, who, at(1), HoldClosed(SELF, EntryId(entry), outcome))


def task_opened(
    sequence: int,
    who: NhsNumber,
    reason: str = "S_FLAG",
    *,
    entry: str | None = None,
    audience: Audience = SELF,
    practice: OdsCode = PRACTICE,
    kind: TaskKind = TaskKind.PRACTICE,
    when: datetime = NOW,
) -> Held:
    about = None if entry is None else EntryId(entry)
    return Held(
        INCARNATION, sequence, who, when, TaskOpened(reason, audience, about, practice, kind)
    )


def task_closed(
    sequence: int,
    who: NhsNumber,
    reason: str = "S_FLAG",
    *,
    entry: str | None = None,
    audience: Audience = SELF,
) -> Held:
    about = None if entry is None else EntryId(entry)
    return Held(INCARNATION, sequence, who, at(1), TaskClosed(reason, audience, about))


def published(
    message: Released | Held | IncarnationMessage,
    *,
    offset: int,
    partition: int = 0,
    topic: Topic | None = None,
) -> Record:
    """Return a decider's message as a record of its topic."""
    topic = topic or (HELD if isinstance(message, Held) else RELEASED)
    value = codec.encode(topic, message)
    if isinstance(message, IncarnationMessage):
        return Record(topic.name, partition, offset, int(NOW.timestamp() * 1000), b"", value)
    return record(topic, value, message.nhs_number.digits, offset=offset, partition=partition)


def record(
    topic: Topic,
    value: bytes | None,
    key: str,
    *,
    offset: int,
    partition: int = 0,
    broker: datetime = NOW,
    partitions: int | None = None,
    replay_of: bytes | None = None,
) -> Record:
    """Return a record where its key belongs, unless `partitions` says how many there are."""
    timestamp_ms = int(broker.timestamp() * 1000)
    at_home = counted_for(key.encode(), partition) if partitions is None else partitions
    return Record(
        topic.name, partition, offset, timestamp_ms, key.encode(), value, at_home, replay_of
    )


def counted_for(key: bytes, partition: int) -> int:
    """Return a number of partitions with which the key belongs in this one."""
    count = partition_of(key, 1 << 31) - partition if partition else 1
    assert partition_of(key, count) == partition
    return count


def apply(
    connection: psycopg.Connection, handler: Handler, topic: Topic, records: Sequence[Record]
) -> None:
    """Apply a batch as run_sink does: positions and effects in one transaction, bad records apart."""
    with connection.transaction():
        for partition in {record.partition for record in records}:
            positions.adopt(connection, topic.name, "test", partition)
    Batches(topic, connection, handler, Settings()).run(_in_order(records))


def _in_order(records: Sequence[Record]) -> list[Record]:
    """Return the records as a reader would give them that passes over what holds none."""
    gap_from: dict[int, int] = {}
    found = []
    for one in sorted(records, key=lambda r: (r.partition, r.offset)):
        found.append(replace(one, gap_from=gap_from.get(one.partition)))
        gap_from[one.partition] = one.offset + 1
    return found


def poison_count(topic: str) -> float:
    """Return how many of the topic's records were counted as poison so far."""
    return float(POISON.labels(topic)._value.get())
