"""Whether everything published has come through: every lane and sink has reached the end of its topics."""

import contextlib

import psycopg

from recordgate_deploy.waiting import await_true
from recordgate_runtime.kafka import PartitionReader, topic_state
from recordgate_runtime.positions import read
from recordgate_runtime.postgres import connect
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError
from recordgate_schemas.topics import CONTROLS, ENTRIES, HELD, RELEASED, Principal, Topic
from recordgate_streams.ledger import observe


class Watch:
    """Compares stored positions with the broker's end offsets."""

    def __init__(self, settings: Settings) -> None:
        settings = settings.as_user(Principal.METRICS)
        with contextlib.ExitStack() as opened:
            self._readers = {
                topic: opened.enter_context(contextlib.closing(_reader(topic, settings)))
                for topic in (ENTRIES, CONTROLS, RELEASED, HELD)
            }
            self._ledger, self._view, self._review = (
                opened.enter_context(contextlib.closing(connect(dsn, "metrics", autocommit=True)))
                for dsn in (settings.ledger_dsn, settings.view_dsn, settings.review_dsn)
            )
            self._opened = opened.pop_all()

    def gate_applied(self) -> bool:
        """Return whether the gate has applied every control, and says so: without that nothing is readable."""
        return self._at_end(self._view, CONTROLS) and self._is_fresh()

    def all_applied(self) -> bool:
        """Return whether nothing is under way anywhere."""
        return (
            self._outcomes_sent()
            and self._at_end(self._ledger, ENTRIES)
            and self._at_end(self._ledger, CONTROLS)
            and observe.pending_redecisions(self._ledger) == 0
            and self._all_published()
            and self.gate_applied()
            and self._at_end(self._view, RELEASED)
            and self._at_end(self._review, HELD)
        )

    def wait(self, *, gate_only: bool = False, timeout_s: float = 120) -> None:
        """Return once everything is applied; raise RetryableError after `timeout_s` seconds."""
        applied = self.gate_applied if gate_only else self.all_applied
        if not await_true(applied, timeout_s=timeout_s):
            raise RetryableError("the pipeline did not come to rest; see the log of the processes")

    def close(self) -> None:
        """Close every connection."""
        self._opened.close()

    def _at_end(self, database: psycopg.Connection, topic: Topic) -> bool:
        """Return whether all that was there when asked is applied; ticks come all the time."""
        ends = self._readers[topic].end_offsets()
        stored = read(database, topic.name)
        return all(stored.get(p, 0) >= end for p, end in ends.items())

    def _outcomes_sent(self) -> bool:
        """Return whether reviewers' outcomes are all on their way, those included that can still be undone."""
        waiting = "select from outbox where sent_at is null and cancelled_at is null limit 1"
        return self._review.execute(waiting).fetchone() is None

    def _is_fresh(self) -> bool:
        row = self._view.execute(
            "select coalesce(bool_and(clock_timestamp() < fresh_at + lease), false) from gate_freshness"
        ).fetchone()
        return bool(row and row[0])

    def _all_published(self) -> bool:
        """Return whether the broker holds at least as many messages as sequence numbers were given out."""
        ends = {topic.name: self._readers[topic].end_offsets() for topic in (RELEASED, HELD)}
        return all(
            ends[topic].get(partition, 0) >= number
            for topic, partition, number in observe.next_sequence_numbers(self._ledger)
            if topic in ends
        )


def _reader(topic: Topic, settings: Settings) -> PartitionReader:
    partitions = topic_state(topic, settings).partitions
    return PartitionReader(topic, settings, dict.fromkeys(range(partitions), 0))
