"""Whether `entries` on the broker is still the log that the ledger has read: an account of another one says nothing.

SAFETY: what this asks needs no right to read records. A tail that was lost and filled again is found by the lanes.
"""

from contextlib import closing
from enum import StrEnum

from recordgate_runtime import positions
from recordgate_runtime.kafka import describe, open_admin
from recordgate_runtime.log_probe import ANSWER_S, LogProbe
from recordgate_runtime.positions import Position
from recordgate_runtime.postgres import Connection
from recordgate_runtime.settings import Settings
from recordgate_schemas.errors import RetryableError, UsageError
from recordgate_schemas.topics import ENTRIES


class EntriesLog(StrEnum):
    """What the broker's topic is to the ledger."""

    SAME = "same"
    ANOTHER = "another"
    UNKNOWN = "unknown"

    @property
    def sentence(self) -> str:
        """What somebody who reads an account has to know; empty if nothing."""
        return _SENTENCES[self]


_SENTENCES = {
    EntriesLog.SAME: "",
    EntriesLog.ANOTHER: "entries on the broker is another log than was read, so this accounts for nothing in it;"
    " see docs/runbook/topic-replaced.md",
    EntriesLog.UNKNOWN: "Kafka does not say whether entries is the log that was read",
}


def entries_log(ledger: Connection, settings: Settings) -> EntriesLog:
    """Compare the ledger's positions with the topic's id and ends; a ledger that has read nothing has the same."""
    stored = positions.load(ledger, ENTRIES.name)
    if not stored:
        return EntriesLog.SAME
    try:
        same = _is_same(stored, settings)
    except (RetryableError, UsageError):
        return EntriesLog.UNKNOWN
    return EntriesLog.SAME if same else EntriesLog.ANOTHER


def _is_same(stored: dict[int, Position], settings: Settings) -> bool:
    with closing(open_admin(settings, ANSWER_S)) as admin:
        state = describe(admin, (ENTRIES,), settings)[ENTRIES.name]
    if state.partitions < len(stored) or {one.topic_id for one in stored.values()} != {
        state.topic_id
    }:
        return False
    with closing(LogProbe(ENTRIES, settings)) as probe:
        ends = {partition: end for partition, (_, end) in probe.bounds(stored).items()}
    return all(one.next_offset <= ends[partition] for partition, one in stored.items())
