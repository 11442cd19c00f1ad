"""One ledger transaction of a lane: positions first, then patients in order, sequence numbers last, then publish.

INVARIANT: what was committed is published, now or at the next start, before the lane goes on (`republish`).
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.isolation import ISOLATED_ERROR, WINDOW, Fuse
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import BATCH_SECONDS, RECORDS, BatchStage
from recordgate_runtime.record import Record
from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError, RecordgateError, RetryableError
from recordgate_schemas.messages import Quarantined
from recordgate_schemas.topics import BY_NAME, QUARANTINED, Topic
from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.cascade import CascadeStore
from recordgate_streams.ledger.clock import LedgerClock, Reading
from recordgate_streams.ledger.decisions import DecisionStore
from recordgate_streams.ledger.incarnations import PAGE, IncarnationStore, Newest
from recordgate_streams.ledger.quarantine import put_quarantine
from recordgate_streams.ledger.quarantine_seal import Seal
from recordgate_streams.ledger.records import SQL, RecordStore
from recordgate_streams.ledger.redecisions import RedecisionStore
from recordgate_streams.ledger.rows import Outgoing, Quarantine
from recordgate_streams.ledger.rules import InForce, RulesInForce, RulesStore

Numbered = Callable[[int], object]
"""Makes a message, given its sequence number."""


class UnitOfWork:
    """A transaction in progress: the ledger's stores, and what is written when it ends."""

    def __init__(
        self,
        lane: str,
        db: psycopg.Connection,
        rules: InForce,
        reading: Reading,
        seal: Seal | None = None,
    ) -> None:
        self.lane, self.rules, self.at = lane, rules, reading.at
        self._reading = reading
        self._seal = seal
        self.records, self.cascades = RecordStore(db), CascadeStore(db)
        self.decisions, self.redecisions = DecisionStore(db), RedecisionStore(db)
        self.applications = RulesStore(db)
        self.incarnations = IncarnationStore(db)
        self.incarnation = self.incarnations.number() or 0
        self.closings: dict[NhsNumber, int] = {}
        self.claimed = 0
        self.counted: Counter[tuple[str, int, str]] = Counter()
        self._db = db
        self._quarantined: list[Quarantine] = []
        self._messages: dict[tuple[str, int], list[tuple[bytes, Numbered]]] = defaultdict(list)

    def claim_new_records(self, topic: Topic, records: Sequence[Record]) -> list[Record]:
        """Lock the topic's positions, drop replays, move past the batch and return what is new, in offset order.

        Raises FatalError when records are missing between the stored position and the batch, or dated in the future.
        """
        self._reading.check(records)
        partitions = sorted({record.partition for record in records})
        wanted = {"topic": topic.name, "partitions": partitions}
        ends: dict[int, int] = dict(self._db.execute(SQL["lock_positions"], wanted).fetchall())
        new: list[Record] = []
        for record in sorted(records, key=lambda r: (r.partition, r.offset)):
            due = ends.get(record.partition)
            if due is None or record.offset > due:
                raise FatalError(
                    f"{topic.name}/{record.partition}: offset {record.offset} came while {due} was due;"
                    " records are missing, see docs/runbook/position-conflict.md"
                )
            if record.offset == due:
                ends[record.partition] = due + 1
                new.append(record)
        if len(new) < len(records):
            log(LogCode.REPLAYED, lane=self.lane, count=len(records) - len(new))
        moved = {"topic": topic.name, "partitions": list(ends), "ends": list(ends.values())}
        self._db.execute(SQL["move_positions"], moved)
        self.claimed += len(new)
        return new

    def count(self, topic: Topic, partition: int, kind: str) -> None:
        """Account for a record of a partition."""
        self.counted[topic.name, partition, kind] += 1

    def enqueue(self, topic: Topic, partition: int, key: bytes, message: Numbered) -> None:
        """Add a message to the outbox. Messages of one partition keep their order."""
        self._messages[topic.name, partition].append((key, message))

    def quarantine(self, topic: Topic, record: Record, error: str) -> None:
        """Set aside a record that could not be understood. SAFETY: what is published of it has no key of its own."""
        where = (topic.name, record.partition, record.offset)
        self.count(topic, record.partition, "quarantined")
        self._quarantined.append(Quarantine(*where, error, record.key, record.value))
        self.enqueue(
            QUARANTINED,
            record.partition,
            b"",
            lambda n: Quarantined(self.incarnation, n, *where, error, self.at),
        )
        log(
            LogCode.QUARANTINED,
            topic=topic.name,
            partition=record.partition,
            offset=record.offset,
            error=error,
            advice="see docs/runbook/quarantine.md",
        )

    def finish(self) -> list[Outgoing]:
        """Write what was gathered and return the messages to publish; sequence numbers are taken last."""
        if self._quarantined:
            put_quarantine(self._db, self._quarantined, self._seal, self.at)
        if self.counted:
            topics, partitions, kinds = zip(*sorted(self.counted), strict=True)
            counts = [self.counted[key] for key in sorted(self.counted)]
            values = {"topics": list(topics), "partitions": list(partitions), "kinds": list(kinds)}
            self._db.execute(SQL["count_records"], values | {"counts": counts})
        self.decisions.put_counts()
        outgoing = self._number()
        self.redecisions.put_closings(self.closings)
        return outgoing

    def _number(self) -> list[Outgoing]:
        outgoing: list[Outgoing] = []
        for (topic, partition), queued in sorted(self._messages.items()):
            wanted = {"topic": topic, "partition": partition, "n": len(queued)}
            counted = {"incarnation": self.incarnation}
            row = self._db.execute(SQL["take_sequence"], wanted | counted).fetchone()
            if row is None:
                raise FatalError(f"another incarnation of the ledger has begun; see {PAGE}")
            first = int(row[0])
            outgoing += [
                Outgoing(topic, partition, n, key, codec.encode(BY_NAME[topic], message(n)))
                for n, (key, message) in enumerate(queued, first)
            ]
        if outgoing:
            with self._db.cursor().copy(SQL["copy_outgoing"]) as copy:
                copy.set_types(["text", "int4", "int8", "text", "bytea", "bytea"])
                for o in outgoing:
                    copy.write_row((o.topic, o.partition, o.sequence, self.lane, o.key, o.value))
        return outgoing


class LaneLedger:
    """Runs a lane's transactions over one connection. Not thread-safe: one batch at a time.

    `publish` returns once the broker has confirmed every message, and raises RetryableError otherwise. `newest` returns
    what was published last. Without a `seal` the bytes of what is quarantined are not kept.
    """

    def __init__(
        self,
        lane: str,
        connection: psycopg.Connection,
        publish: Callable[[Sequence[Outgoing]], None],
        clock: LedgerClock,
        rules: RulesInForce,
        *,
        newest: Callable[[Sequence[int]], Sequence[Newest]],
        seal: Seal | None = None,
    ) -> None:
        self.lane = lane
        self._newest = newest
        self.partitions = 1
        self._seal = seal
        self._db = connection
        self._publish = publish
        self._clock = clock
        self._rules = rules
        self._confirmed: list[Outgoing] = []

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Open a transaction; on leaving, write what was gathered, commit, publish and wait for the reports."""
        started = time.monotonic()
        with self._db.transaction():
            self._forget(self._confirmed)
            now = self._clock.read(self._db)
            rules = self._rules.read(self._db, now.at)
            work = UnitOfWork(self.lane, self._db, rules, now, self._seal)
            yield work
            outgoing = work.finish()
        self._confirmed = []
        if work.claimed:  # an idle tick is no batch
            stage = BatchStage(f"{self.lane}-lane")
            BATCH_SECONDS.labels(stage).observe(time.monotonic() - started)
        self._publish_committed(outgoing)
        self._confirmed = outgoing
        for (_, _, kind), n in work.counted.items():
            if n > 0:
                RECORDS.labels(self.lane, kind).inc(n)

    def _publish_committed(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish. Any failure ends the process: the records are decided, and only a start publishes what is left."""
        try:
            self._publish(outgoing)
        except RecordgateError:
            raise
        except Exception as error:
            raise RetryableError(f"publishing failed ({type(error).__name__})") from error

    def adopt(self, topic: Topic, topic_id: str, partitions: int) -> None:
        """Begin every partition of a topic at offset 0, or check that it is the topic read before."""
        with self._db.transaction():
            positions.adopt_partitions(self._db, partitions)
            for partition in range(partitions):
                positions.adopt(self._db, topic.name, topic_id, partition)
        self.partitions = partitions
        incarnations = IncarnationStore(self._db)
        if incarnations.number() is None:
            published = self._newest(range(partitions))
            with self._db.transaction():
                incarnations.begin_first(published, partitions, self._clock.read(self._db).at)

    def republish(self, partitions: Sequence[int]) -> None:
        """Publish what this lane committed before it died, then forget it; first see that this is still its ledger."""
        IncarnationStore(self._db).check(self._newest(partitions))
        wanted = {"lane": self.lane, "partitions": list(partitions)}
        with self._db.transaction():
            rows = self._db.execute(SQL["unconfirmed"], wanted)
            left = [Outgoing(t, p, s, bytes(k), bytes(v)) for t, p, s, k, v in rows]
        self._publish(left)
        with self._db.transaction():
            self._forget(left)
        if left:
            log(LogCode.REPUBLISHED, lane=self.lane, count=len(left))

    def remember_isolated(self, topic: Topic, partitions: Sequence[int], fuse: Fuse) -> None:
        """Tell the fuse which records were set aside before a restart."""
        wanted = {"topic": topic.name, "partitions": list(partitions)}
        near = {"window": WINDOW, "error": ISOLATED_ERROR}
        for partition, offset in self._db.execute(SQL["isolated"], wanted | near):
            fuse.remember(topic.name, partition, [offset])

    def _forget(self, confirmed: Sequence[Outgoing]) -> None:
        if confirmed:
            values = {
                "topics": [o.topic for o in confirmed],
                "partitions": [o.partition for o in confirmed],
                "sequences": [o.sequence for o in confirmed],
            }
            self._db.execute(SQL["confirm"], values)
