"""One record of a topic, as every reader gets it."""

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from recordgate_runtime.routing import partition_of
from recordgate_schemas.values import NhsNumber

MOST_KEY_BYTES = 10
"""An NHS number. A longer key is nobody's, whatever partition it hashes to."""

DIGEST_BYTES = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = struct.Struct(">qqqq")


@dataclass(frozen=True, slots=True)
class Mark:
    """Which record lies at an offset: a digest of its offset, broker time, key and value."""

    offset: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic: coordinates, broker time in milliseconds, raw key and value.

    `partitions`: how many its topic has. `replay_of`: the coordinates that a replayed control names, as they came.
    `gap_from`: where the reader was when it was given the record, if before it; the offsets in between hold none.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    partitions: int = 1
    replay_of: bytes | None = None
    gap_from: int | None = None

    @property
    def read_from(self) -> int:
        """The first offset of those that were gone through to this record."""
        return self.offset if self.gap_from is None else self.gap_from

    @property
    def mark(self) -> Mark:
        """What tells this record from any other that the broker may give its offset to."""
        return mark_of(self.offset, self.timestamp_ms, self.key, self.value)

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


def mark_of(offset: int, timestamp_ms: int, key: bytes | None, value: bytes | None) -> Mark:
    """Return the mark of a record that is given by its parts."""
    sizes = (-1 if given is None else len(given) for given in (key, value))
    head = _HEAD.pack(offset, timestamp_ms, *sizes)
    digest = hashlib.blake2b(head + (key or b""), digest_size=DIGEST_BYTES)
    digest.update(value or b"")
    return Mark(offset, digest.digest())
