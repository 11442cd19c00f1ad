"""Whether `entries` on the broker is still the log that the ledger has read: an account of another one says nothing.

SAFETY: what this asks needs no right to read records. A tail that was lost and filled again is found by the lanes.
"""

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from recordgate_runtime import positions
from recordgate_runtime.kafka import describe, open_admin
from recordgate_runtime.log_probe import ANSWER_S, LogProbe
from recordgate_runtime.positions import Position
from recordgate_runtime.postgres import Connection
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError, UsageError
from recordgate_schemas.topics import ENTRIES


class LogState(StrEnum):
    """What the broker's topic is to the ledger."""

    SAME = "same"
    ANOTHER = "another"
    GONE = "gone"
    UNKNOWN = "unknown"


_SENTENCES = {
    LogState.SAME: "",
    LogState.ANOTHER: "entries on the broker is another log than was read,"
    " so this accounts for nothing in it; see docs/runbook/topic-replaced.md",
    LogState.GONE: "records of entries are gone from the broker that nobody has read,"
    " so this does not account for them; see docs/runbook/position-outside-log.md",
    LogState.UNKNOWN: "Kafka does not say whether entries is the log that was read",
}


@dataclass(frozen=True, slots=True)
class EntriesLog:
    """How the broker's topic compares. `waiting`: offsets that were not read yet, None unless it is the same log."""

    state: LogState
    waiting: int | None = None

    @property
    def sentence(self) -> str:
        """What somebody who reads an account has to know; empty if nothing."""
        if self.waiting:
            return (
                f"entries on the broker goes on for {self.waiting} offsets that were not read yet"
            )
        return _SENTENCES[self.state]


def entries_log(ledger: Connection, settings: Settings) -> EntriesLog:
    """Compare the ledger's positions with the topic's id, partitions and ends."""
    stored = positions.load(ledger, ENTRIES.name)
    try:
        return _compare(stored, settings)
    except (RetryableError, UsageError):
        return EntriesLog(LogState.UNKNOWN)


def _compare(stored: dict[int, Position], settings: Settings) -> EntriesLog:
    """A ledger that has read nothing yet has every offset before it."""
    with closing(open_admin(settings, ANSWER_S)) as admin:
        topic = describe(admin, (ENTRIES,), settings)[ENTRIES.name]
    if stored and topic.partitions != len(stored):
        return EntriesLog(LogState.ANOTHER)
    if any(one.topic_id != topic.topic_id for one in stored.values()):
        return EntriesLog(LogState.ANOTHER)
    with closing(LogProbe(ENTRIES, settings)) as probe:
        bounds = probe.bounds(range(topic.partitions))
    at = {p: stored[p].next_offset if p in stored else 0 for p in bounds}
    if any(at[p] > end for p, (_, end) in bounds.items()):
        return EntriesLog(LogState.ANOTHER)
    if any(at[p] < begin for p, (begin, _) in bounds.items()):
        return EntriesLog(LogState.GONE)
    return EntriesLog(LogState.SAME, sum(end - at[p] for p, (_, end) in bounds.items()))
