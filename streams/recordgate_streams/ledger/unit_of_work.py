"""One ledger transaction of a lane: positions first, then patients in order, sequence numbers last, then publish.

INVARIANT: what was committed is published, now or at the next start, before the lane goes on (`republish`).
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import psycopg

from recordgate_runtime import positions
from recordgate_runtime.isolation import ISOLATED_ERROR, WINDOW, Fuse
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import BATCH_SECONDS, RECORDS, BatchStage
from recordgate_runtime.positions import Span
from recordgate_runtime.record import Record
from recordgate_schemas.messages import MOST_RECEIPTS, Quarantined, Receipt, Receipts
from recordgate_schemas.topics import QUARANTINED, RECEIPTS, Topic
from recordgate_schemas.values import NhsNumber, OdsCode
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.ledger.cascade import CascadeStore
from recordgate_streams.ledger.clock import LedgerClock, Reading
from recordgate_streams.ledger.decisions import DecisionStore
from recordgate_streams.ledger.delivery import Delivery, Publish
from recordgate_streams.ledger.incarnations import IncarnationStore, Newest
from recordgate_streams.ledger.outbox import OutboxRow, OutboxStore, Place
from recordgate_streams.ledger.outgoing import Numbered, Reference
from recordgate_streams.ledger.quarantine import put_quarantine
from recordgate_streams.ledger.quarantine_seal import Seal
from recordgate_streams.ledger.records import SQL, RecordStore
from recordgate_streams.ledger.redecisions import RedecisionStore
from recordgate_streams.ledger.rows import Quarantine
from recordgate_streams.ledger.rules import InForce, RulesInForce, RulesStore
from recordgate_streams.ledger.service_keys import ServiceKeyStore

HOLE = "hole"
"""How an offset is accounted for that holds no record."""


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
        self.applications, self.service_keys = RulesStore(db), ServiceKeyStore(db)
        self.incarnations = IncarnationStore(db)
        self.incarnation = self.incarnations.number() or 0
        self.closings: dict[NhsNumber, int] = {}
        self.claimed = 0
        self.counted: Counter[tuple[str, int, str]] = Counter()
        self._db = db
        self._quarantined: list[Quarantine] = []
        self._outbox = OutboxStore(db)
        self._messages: dict[tuple[str, int], list[Numbered]] = defaultdict(list)
        self._receipts: dict[tuple[int, OdsCode, str], list[Receipt]] = defaultdict(list)

    def claim_new_records(self, topic: Topic, records: Sequence[Record]) -> list[Record]:
        """Lock the topic's positions, drop replays, move past the batch and return what is new, in offset order.

        Raises FatalError when records are missing between the stored position and the batch, or dated in the future.
        """
        self._reading.check(records)
        new = self.advance(positions.spans_of(topic.name, records))
        if len(new) < len(records):
            log(LogCode.REPLAYED, lane=self.lane, count=len(records) - len(new))
        self.claimed += len(new)
        return new

    def advance(self, spans: Sequence[Span]) -> list[Record]:
        """Move the positions over the spans and return the records that are new; offsets without one are counted."""
        new: list[Record] = []
        for one in positions.advance(self._db, spans):
            new += one.new
            if one.holes:
                self.counted[one.span.topic, one.span.partition, HOLE] += one.holes
        return new

    def count(self, topic: Topic, partition: int, kind: str) -> None:
        """Account for a record of a partition."""
        self.counted[topic.name, partition, kind] += 1

    def enqueue(
        self,
        topic: Topic,
        partition: int,
        key: bytes,
        make: Callable[[int], object],
        reference: Reference | None = None,
    ) -> None:
        """Add a message to the outbox: `make` returns it, given its number. Messages of one partition keep their order.

        It is published again exactly as it was. One with a `reference` is made without its body, and gets the body, or
        is retracted, whenever it is published.
        """
        self._messages[topic.name, partition].append(Numbered(key, make, reference))

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

    def receipt(self, partition: int, practice: OdsCode, system: str, receipt: Receipt) -> None:
        """Add a receipt for a practice's system; those of one transaction and partition go together."""
        self._receipts[partition, practice, system].append(receipt)

    def _enqueue_receipts(self) -> None:
        for (partition, practice, system), receipts in self._receipts.items():
            for first in range(0, len(receipts), MOST_RECEIPTS):
                some = tuple(receipts[first : first + MOST_RECEIPTS])
                make = partial(
                    Receipts,
                    self.incarnation,
                    practice=practice,
                    system=system,
                    at=self.at,
                    receipts=some,
                )
                self.enqueue(RECEIPTS, partition, b"", make)

    def finish(self) -> list[OutboxRow]:
        """Write what was gathered and return the messages to publish; sequence numbers are taken last."""
        if self._quarantined:
            put_quarantine(self._db, self._quarantined, self._seal, self.at)
        if self.counted:
            topics, partitions, kinds = zip(*sorted(self.counted), strict=True)
            counts = [self.counted[key] for key in sorted(self.counted)]
            values = {"topics": list(topics), "partitions": list(partitions), "kinds": list(kinds)}
            self._db.execute(SQL["count_records"], values | {"counts": counts})
        self.decisions.put_counts()
        self._enqueue_receipts()
        rows = self._outbox.put(self.lane, self.incarnation, self._messages)
        self.redecisions.put_closings(self.closings)
        return rows


class LaneLedger:
    """Runs a lane's transactions over one connection. Not thread-safe: one batch at a time.

    `newest` returns what was published last. Without a `seal` the bytes of what is quarantined are not kept.
    `most_bytes`: of messages in memory when bodies are read from the ledger to be published.
    """

    def __init__(
        self,
        lane: str,
        connection: psycopg.Connection,
        publish: Publish,
        clock: LedgerClock,
        rules: RulesInForce,
        *,
        bodies: BodyReader,
        most_bytes: int,
        newest: Callable[[Sequence[int]], Sequence[Newest]],
        seal: Seal | None = None,
    ) -> None:
        self.lane = lane
        self._newest = newest
        self.partitions = 1
        self._seal = seal
        self._db = connection
        self._outbox = OutboxStore(connection)
        self._delivery = Delivery(self._outbox, publish, bodies, most_bytes)
        self._clock = clock
        self._rules = rules
        self._confirmed: list[Place] = []

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Open a transaction; on leaving, write what was gathered, commit, publish and wait for the reports."""
        started = time.monotonic()
        with self._db.transaction():
            self._outbox.forget(self.lane, self._confirmed)
            now = self._clock.read(self._db)
            rules = self._rules.read(self._db, now.at)
            work = UnitOfWork(self.lane, self._db, rules, now, self._seal)
            yield work
            rows = work.finish()
        self._confirmed = []
        if work.claimed:  # an idle tick is no batch
            stage = BatchStage(f"{self.lane}-lane")
            BATCH_SECONDS.labels(stage).observe(time.monotonic() - started)
        self._delivery.deliver(rows)
        self._confirmed = [row.place for row in rows]
        for (_, _, kind), n in work.counted.items():
            if n > 0 and kind != HOLE:
                RECORDS.labels(self.lane, kind).inc(n)

    def forget_confirmed(self) -> None:
        """Forget the last batch's messages now; otherwise the next transaction does."""
        if self._confirmed:
            self._outbox.forget(self.lane, self._confirmed)
            self._confirmed = []

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

    def pass_over(self, spans: Sequence[Span]) -> None:
        """Move past offsets that hold no record, where everything before them is accounted for."""
        stored = positions.read(self._db, spans[0].topic) if spans else {}
        if due := [span for span in spans if stored.get(span.partition) == span.first]:
            with self.transaction() as work:
                work.advance(due)

    def republish(self, partitions: Sequence[int]) -> None:
        """Publish what this lane committed before it died, then forget it; first see that this is still its ledger."""
        IncarnationStore(self._db).check(self._newest(partitions))
        self.forget_confirmed()
        if count := self._delivery.deliver_left(self.lane, partitions):
            log(LogCode.REPUBLISHED, lane=self.lane, count=count)

    def remember_isolated(self, topic: Topic, partitions: Sequence[int], fuse: Fuse) -> None:
        """Tell the fuse which records were set aside before a restart."""
        wanted = {"topic": topic.name, "partitions": list(partitions)}
        near = {"window": WINDOW, "error": ISOLATED_ERROR}
        for partition, offset in self._db.execute(SQL["isolated"], wanted | near):
            fuse.remember(topic.name, partition, [offset])
