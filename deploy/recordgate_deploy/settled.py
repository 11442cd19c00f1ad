"""Tells when everything published has come through: every lane and sink stands at the end of its topic."""

import time

import psycopg

from recordgate_runtime.kafka import PartitionReader, topic_state
from recordgate_runtime.positions import read
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, HELD, RELEASED, Topic


class Watch:
    """Compares stored positions with the broker's end offsets."""

    def __init__(self, settings: Settings) -> None:
        self._readers = {t: _reader(t, settings) for t in (ENTRIES, CONTROLS, RELEASED, HELD)}
        self._ledger = connect(settings.ledger_dsn, "ledger_reader", autocommit=True)
        self._view = connect(settings.view_dsn, "view_sink", autocommit=True)
        self._review = connect(settings.review_dsn, "review_sink", autocommit=True)

    def gate_applied(self) -> bool:
        """True when the gate has every control."""
        return self._stands(self._view, CONTROLS)

    def all_applied(self) -> bool:
        """True when nothing is under way anywhere."""
        return (
            self._stands(self._ledger, ENTRIES)
            and self._stands(self._ledger, CONTROLS)
            and self._redecided()
            and self._told()
            and self.gate_applied()
            and self._stands(self._view, RELEASED)
            and self._stands(self._review, HELD)
        )

    def wait(self, *, gate_only: bool = False, timeout_s: float = 120) -> None:
        """Return once applied; raise RetryableError when it takes longer than `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not (self.gate_applied() if gate_only else self.all_applied()):
            if time.monotonic() > deadline:
                raise RetryableError(
                    "the pipeline did not come to rest; see the log of the processes"
                )
            time.sleep(0.05)

    def _stands(self, database: psycopg.Connection, topic: Topic) -> bool:
        stored = read(database, topic.name)
        return all(stored.get(p, 0) == end for p, end in self._readers[topic].end_offsets().items())

    def _redecided(self) -> bool:
        row = self._ledger.execute("select count(*) from redecision").fetchone()
        return row is not None and row[0] == 0

    def _told(self) -> bool:
        """True when the broker holds at least as many messages as sequence numbers were given out."""
        given = self._ledger.execute(
            "select topic, partition, next from outgoing_sequence"
        ).fetchall()
        ends = {t.name: self._readers[t].end_offsets() for t in (RELEASED, HELD)}
        return all(ends[t].get(p, 0) >= n for t, p, n in given if t in ends)

    def close(self) -> None:
        """Let go of every connection."""
        for reader in self._readers.values():
            reader.close()
        for database in (self._ledger, self._view, self._review):
            database.close()


def _reader(topic: Topic, settings: Settings) -> PartitionReader:
    partitions = topic_state(topic, settings).partitions
    return PartitionReader(topic, settings, dict.fromkeys(range(partitions), 0))
