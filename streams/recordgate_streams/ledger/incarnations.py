"""The ledger's incarnations: a ledger that was restored from a backup counts anew, and everybody can see it.

A restored ledger would give sequence numbers again that its readers have seen. So every message carries the number of
the incarnation, and a lane stops when the topics are ahead of its ledger or the ledger has moved to another database.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import HELD, QUARANTINED, RECEIPTS, RELEASED
from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.rows import number_of, stored

SQL = Statements("recordgate_streams.ledger", "incarnations.sql")
PAGE = "docs/runbook/ledger-restored.md"
PUBLISHED = (RELEASED, HELD, RECEIPTS, QUARANTINED)
RANDOM_BITS = 20
Phase = Literal["begun", "catching_up", "publishing", "published", "open"]


@dataclass(frozen=True, slots=True)
class Newest:
    """The greatest incarnation, and of it the greatest number, found at the end of an output partition."""

    topic: str
    partition: int
    incarnation: int
    sequence: int


@dataclass(frozen=True, slots=True)
class PartitionPhase:
    """What is still to be done before a partition may be opened."""

    partition: int
    phase: Phase
    entries_end: int | None
    controls_end: int | None
    published_after: int


def new_incarnation(now: datetime, known: Collection[int]) -> int:
    """Return a number greater than all known ones that is never given twice: milliseconds, then random bits.

    INVARIANT: two restores of one backup know the same and may have published nothing; the random bits tell them apart
    even if the clock does not.
    """
    after = max(known, default=0) >> RANDOM_BITS
    millisecond = max(int(now.timestamp() * 1000), after + 1)
    return (millisecond << RANDOM_BITS) | random.SystemRandom().getrandbits(RANDOM_BITS)


class IncarnationStore:
    """The tables `incarnation` and `incarnation_partition`, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection

    def number(self) -> int | None:
        """Return the ledger's incarnation; None before the first."""
        row = self._db.execute(SQL["read_incarnation"]).fetchone()
        return int(row[0]) if row else None

    def begin_first(self, newest: Sequence[Newest], partitions: int, now: datetime) -> None:
        """Begin the first incarnation of an empty ledger, open at once; nothing if it has one.

        SAFETY: only where nothing was ever published; otherwise this ledger stands in the place of one that was lost.
        """
        with self._db.transaction():
            self._db.execute(SQL["lock_incarnation"])
            if self.number() is not None:
                return
            if newest:
                raise FatalError(
                    f"the ledger is empty and {newest[0].topic} is not: it stands in the place of another;"
                    f" run `recordgate restore`, see {PAGE}"
                )
            self._begin(new_incarnation(now, ()), partitions, now, "published")

    def begin_next(self, published: Collection[int], partitions: int, now: datetime) -> int:
        """Begin an incarnation greater than the ledger's and those that were published; return its number."""
        with self._db.transaction():
            self._db.execute(SQL["lock_incarnation"])
            number = new_incarnation(now, [*published, self.number() or 0])
            self._begin(number, partitions, now, "begun")
        return number

    def _begin(self, number: int, partitions: int, now: datetime, phase: Phase) -> None:
        begun = {"number": number, "database": self._database(), "at": now}
        self._db.execute(SQL["put_incarnation"], begun)
        self._db.execute(SQL["begin_partitions"], {"partitions": partitions, "phase": phase})
        topics = [topic.name for topic in PUBLISHED]
        counted = {"number": number, "topics": topics, "partitions": partitions}
        self._db.execute(SQL["reset_sequences"], counted)
        self._db.execute(SQL["forget_closings"])
        self._db.execute(SQL["forget_outbox"])

    def check(self, newest: Sequence[Newest]) -> None:
        """Raise FatalError when the ledger is another one than published last.

        `newest` must have been read before this is called: what another lane publishes meanwhile is in the ledger then.
        """
        row = self._db.execute(SQL["read_incarnation"]).fetchone()
        number, database = row or (0, None)
        if row and database != self._database():
            raise FatalError(
                "the ledger lives in another database than when its incarnation began: it was restored or"
                f" promoted; run `recordgate restore`, see {PAGE}"
            )
        numbers = {(t, p): n for t, p, n in self._db.execute(SQL["next_numbers"])}
        for one in newest:
            due = (number, numbers.get((one.topic, one.partition), 0))
            if (one.incarnation, one.sequence) >= due:
                raise FatalError(
                    f"{one.topic}/{one.partition} is ahead of the ledger: it was restored from a backup;"
                    f" run `recordgate restore`, see {PAGE}"
                )

    def _database(self) -> str:
        row = self._db.execute(SQL["database_identity"]).fetchone()
        if row is None:
            raise FatalError(f"the ledger's database cannot be identified; see {PAGE}")
        return str(row[0])

    def not_open(self, partitions: Sequence[int]) -> list[PartitionPhase]:
        """Return the partitions, of these, that are not open yet."""
        return rows_as(PartitionPhase, self._db, SQL["phases"], {"partitions": list(partitions)})

    def set_phase(self, partition: int, phase: Phase) -> None:
        """Go on to a phase."""
        self._db.execute(SQL["set_phase"], {"partition": partition, "phase": phase})

    def set_ends(self, partition: int, entries: int, controls: int) -> None:
        """Remember how far both topics are to be read before anything is published again."""
        ends = {"partition": partition, "entries": entries, "controls": controls}
        self._db.execute(SQL["set_ends"], ends)

    def is_caught_up(self, partition: int) -> bool:
        """Whether both topics have been read that far."""
        return bool(self._one(SQL["is_caught_up"], {"partition": partition}))

    def patients_to_publish(
        self, one: PartitionPhase, limit: int
    ) -> list[tuple[NhsNumber, int, int]]:
        """Return the next patients of whom everything is to be published again, and remember how far they go."""
        wanted = {"partition": one.partition, "after": one.published_after, "limit": limit}
        rows = self._db.execute(SQL["patients_to_publish"], wanted).fetchall()
        if rows:
            published = {"partition": one.partition, "after": rows[-1][0]}
            self._db.execute(SQL["published"], published)
        return [(number_of(n), partition, position) for n, partition, position in rows]

    def is_published(self, partition: int, undecided: Collection[NhsNumber]) -> bool:
        """Whether everything has been published again, but of patients who cannot be decided: they stay dark."""
        wanted = {"partition": partition, "without": [stored(number) for number in undecided]}
        return not self._one(SQL["still_to_publish"], wanted)

    def _one(self, statement: Any, wanted: dict[str, Any]) -> Any:
        row = self._db.execute(statement, wanted).fetchone()
        return row[0] if row else None
