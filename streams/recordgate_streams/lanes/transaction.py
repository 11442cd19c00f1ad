"""One ledger transaction of a lane: positions first, then patients in order, sequence numbers last, then publish.

INVARIANT: whatever was committed is published, now or at the next start, before the lane goes on (`republish`).
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime import positions
from recordgate_runtime.clock import Clock
from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_runtime.metrics import BATCH_SECONDS, DECISIONS, RECORDS, BatchStage
from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError
from recordgate_schemas.reasons import Reason
from recordgate_schemas.topics import BY_NAME, Topic
from recordgate_streams.lanes.outcome import Verdict
from recordgate_streams.lanes.publish import Publisher
from recordgate_streams.lanes.work import Work
from recordgate_streams.ledger.relatives import RelativesStore
from recordgate_streams.ledger.rows import Outgoing
from recordgate_streams.ledger.rules import InForce, RulesInForce
from recordgate_streams.ledger.store import SQL, Store


class LaneTransaction:
    """Runs transactions for one lane over one ledger connection. Not thread-safe: one batch at a time."""

    def __init__(
        self,
        lane: str,
        connection: psycopg.Connection,
        publisher: Publisher,
        clock: Clock,
        rules: RulesInForce,
    ) -> None:
        self.lane = lane
        self._db = connection
        self._publisher = publisher
        self._clock = clock
        self._rules = rules
        self._confirmed: list[Outgoing] = []

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction; on leaving, write what was gathered, commit, publish, wait for the reports."""
        started = time.monotonic()
        with self._db.transaction():
            self._forget(self._confirmed)
            now = self._clock.now()
            rules = self._rules.read(self._db, now)
            work = Work(Store(self._db), RelativesStore(self._db), rules, now)
            yield work
            outgoing = self._write(work)
        self._confirmed = []
        if work.account:  # an idle tick has no records and is no batch
            BATCH_SECONDS.labels(BatchStage(f"{self.lane}-lane")).observe(
                time.monotonic() - started
            )
        self._publisher.publish(outgoing)
        self._confirmed = outgoing
        _measure(self.lane, work)

    def adopt(self, topic: Topic, topic_id: str, partitions: int) -> None:
        """Begin every partition of a topic at offset 0, or check that it is the topic read before."""
        with self._db.transaction():
            for partition in range(partitions):
                positions.adopt(self._db, topic.name, topic_id, partition)

    def republish(self, partitions: Sequence[int]) -> None:
        """Publish what this lane committed before it died, then forget it."""
        with self._db.transaction():
            rows = self._db.execute(
                SQL["unconfirmed"], {"lane": self.lane, "partitions": list(partitions)}
            )
            left = [Outgoing(t, p, s, bytes(k), bytes(v)) for t, p, s, k, v in rows]
        self._publisher.publish(left)
        with self._db.transaction():
            self._forget(left)
        if left:
            log(LogCode.REPUBLISHED, lane=self.lane, count=len(left))

    def fresh(self, topic: Topic, records: Sequence[Record]) -> list[Record]:
        """Lock the topic's positions, drop replays, move past the batch and return what is new.

        Raises FatalError when records are missing between the stored position and the batch.
        """
        partitions = sorted({record.partition for record in records})
        rows = self._db.execute(
            SQL["lock_positions"], {"topic": topic.name, "partitions": partitions}
        )
        expected: dict[int, int] = dict(rows.fetchall())
        new: list[Record] = []
        for record in sorted(records, key=lambda r: (r.partition, r.offset)):
            stands = expected.get(record.partition)
            if stands is None or record.offset > stands:
                raise FatalError(
                    f"{topic.name}/{record.partition}: offset {record.offset} came while {stands} was due;"
                    " records are missing, see docs/runbook/position-conflict.md"
                )
            if record.offset == stands:
                expected[record.partition] = stands + 1
                new.append(record)
        if len(new) < len(records):
            log(LogCode.REPLAYED, lane=self.lane, count=len(records) - len(new))
        self._db.execute(
            SQL["move_positions"],
            {
                "topic": topic.name,
                "partitions": list(expected),
                "ends": list(expected.values()),
            },
        )
        return new

    def _write(self, work: Work) -> list[Outgoing]:
        changed = [verdict for verdict in work.verdicts if verdict.changed]
        work.tell_all(changed)
        self._write_decisions(changed, work.rules)
        self._stamp(work)
        work.store.put_quarantine(work.quarantined, work.at)
        if work.account:
            keys = sorted(work.account)
            self._db.execute(
                SQL["count_records"],
                {
                    "topics": [k[0] for k in keys],
                    "partitions": [k[1] for k in keys],
                    "kinds": [k[2] for k in keys],
                    "counts": [work.account[k] for k in keys],
                },
            )
        return self._number(work)

    def _stamp(self, work: Work) -> None:
        """Decisions that came out the same under another ruleset are this ruleset's from now on."""
        ruleset = work.rules.ruleset.hash
        same = [
            v
            for v in work.verdicts
            if not v.changed and v.previous and v.previous.ruleset != ruleset
        ]
        if same:
            self._db.execute(
                SQL["stamp_decisions"],
                _places(same) | {"ruleset": ruleset, "generation": work.rules.generation},
            )

    def _write_decisions(self, verdicts: list[Verdict], rules: InForce) -> None:
        if not verdicts:
            return
        entries = [v.stored.entry for v in verdicts]
        self._db.execute(
            SQL["put_decisions"],
            _places(verdicts)
            | {
                "partitions": [v.stored.partition for v in verdicts],
                "versions": [e.version for e in entries],
                "outcomes": [v.decision.outcome.value for v in verdicts],
                "headlines": [v.decision.headline for v in verdicts],
                "digests": [v.digest for v in verdicts],
                "under": [v.decided_under for v in verdicts],
                "released_under": [v.released_under for v in verdicts],
                "ruleset": rules.ruleset.hash,
                "generation": rules.generation,
            },
        )
        with self._db.cursor().copy(SQL["copy_decisions"]) as copy:
            copy.set_types(
                [
                    "text",
                    "text",
                    "text",
                    "int8",
                    "bytea",
                    "text",
                    "text",
                    "jsonb",
                    "text",
                    "int8",
                    "timestamptz",
                ]
            )
            for verdict in verdicts:
                copy.write_row(_decision_row(verdict))

    def _number(self, work: Work) -> list[Outgoing]:
        outgoing = []
        for (topic, partition), queued in sorted(work.messages.items()):
            row = self._db.execute(
                SQL["take_sequence"], {"topic": topic, "partition": partition, "n": len(queued)}
            ).fetchone()
            first = int(row[0]) if row else 0
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

    def _forget(self, confirmed: Sequence[Outgoing]) -> None:
        if confirmed:
            self._db.execute(
                SQL["confirm"],
                {
                    "topics": [o.topic for o in confirmed],
                    "partitions": [o.partition for o in confirmed],
                    "sequences": [o.sequence for o in confirmed],
                },
            )


def _places(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    entries = [v.stored.entry for v in verdicts]
    return {
        "nhs_numbers": [e.nhs_number.digits for e in entries],
        "entry_ids": [e.entry_id for e in entries],
        "audiences": [v.decision.audience for v in verdicts],
    }


def _decision_row(verdict: Verdict) -> tuple[object, ...]:
    entry, decision = verdict.stored.entry, verdict.decision
    reasons = [
        {"reason": o.reason.value, "outcome": o.outcome.value, "because": dict(o.because)}
        for o in decision.objections
    ]
    return (
        entry.nhs_number.digits,
        entry.entry_id,
        decision.audience,
        entry.version,
        entry.body_sha256,
        decision.outcome.value,
        decision.headline and decision.headline.value,
        Jsonb(reasons),
        decision.ruleset,
        verdict.decided_under,
        verdict.decided_at,
    )


def _measure(lane: str, work: Work) -> None:
    for (_, _, kind), n in work.account.items():
        if n > 0:
            RECORDS.labels(lane, kind).inc(n)
    for verdict in work.verdicts:
        if verdict.changed:
            headline = verdict.decision.headline
            if headline is Reason.ENGINE_ERROR:
                log(LogCode.RULE_FAILED, lane=lane, ruleset=verdict.decision.ruleset)
            DECISIONS.labels(
                verdict.decision.outcome.value, headline.value if headline else "-"
            ).inc()
