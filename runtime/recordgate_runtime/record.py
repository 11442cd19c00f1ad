"""One record of a topic, as every reader gets it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from recordgate_runtime.routing import partition_of
from recordgate_schemas.values import NhsNumber

MOST_KEY_BYTES = 10
"""An NHS number. A longer key is nobody's, whatever partition it hashes to."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic: coordinates, broker time in milliseconds, raw key and value.

    `partitions`: how many its topic has. `replay_of`: the coordinates that a replayed control names, as they came.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    partitions: int = 1
    replay_of: bytes | None = None

    @property
    def is_routed(self) -> bool:
        """Whether the record lies in the partition that its key belongs in."""
        return (
            self.key is not None
            and len(self.key) <= MOST_KEY_BYTES
            and self.partition == partition_of(self.key, self.partitions)
        )

    def is_about(self, number: NhsNumber) -> bool:
        """Whether the record has the patient's key and lies in the patient's partition."""
        return self.key == number.key and self.is_routed

    @property
    def published_at(self) -> datetime:
        """When the broker took the record, in UTC: topics use LogAppendTime."""
        return _EPOCH + timedelta(milliseconds=self.timestamp_ms)
