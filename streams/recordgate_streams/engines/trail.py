"""Where a partition's reader stood when it was given each record: proof that offsets in between hold none."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recordgate_runtime.record import Mark


@dataclass(slots=True)
class _Stand:
    """Where the consumer stands: behind the last record (`reached`), or behind holes that follow it (`next_offset`)."""

    reached: int
    next_offset: int
    last: Mark | None
    jumps: dict[int, int] = field(default_factory=dict)


class Trail:
    """Follows what a consumer hands over, from where it was told to begin.

    A jump between two records that the consumer makes is a hole of the log. If records are dropped later, the next one
    was read from further on than where the ledger stands. Written by the consumer's thread, read by another one.
    """

    def __init__(self) -> None:
        self._stands: dict[int, _Stand] = {}
        self._lock = threading.Lock()

    def begin(self, partition: int, offset: int, last: Mark | None) -> None:
        """The consumer was told to go on from here; `last`: the last record before."""
        self._stands[partition] = _Stand(offset, offset, last)

    def forget(self, partition: int) -> None:
        """The consumer may be anywhere; what it hands over counts only after the next `begin`."""
        self._stands.pop(partition, None)

    def stand(self, partition: int) -> object | None:
        """Return where the consumer stands, another one after each `begin`; None when it is not known."""
        return self._stands.get(partition)

    def before(self, partition: int) -> tuple[Mark, int] | None:
        """Return the last record handed over, and the offset behind it and the holes that follow."""
        stand = self._stands.get(partition)
        return (stand.last, stand.next_offset) if stand and stand.last else None

    def hand_over(
        self, partition: int, offsets: Sequence[int], next_offset: int, last: Mark | None
    ) -> None:
        """The consumer handed over the records at these offsets, in order, and will go on from `next_offset`."""
        stand = self._stands.get(partition)
        if stand is None:
            return
        with self._lock:
            reached = stand.reached
            if offsets and offsets[-1] - reached != len(offsets) - 1:
                for offset in offsets:
                    if offset != reached:
                        stand.jumps[offset] = reached
                    reached = offset + 1
            stand.reached = offsets[-1] + 1 if offsets else reached
            stand.next_offset, stand.last = next_offset, last or stand.last

    def reached(self, partition: int, offset: int) -> int | None:
        """Return where the consumer stood when it was given a record, if before it. Asked once for each record."""
        stand = self._stands.get(partition)
        return stand.jumps.pop(offset, None) if stand else None

    def passed(self) -> Mapping[int, tuple[int, int]]:
        """Return the offsets that the consumer went over behind the last record it handed over: first and end."""
        with self._lock:
            stands = [(p, s.reached, s.next_offset) for p, s in dict(self._stands).items()]
        return {p: (first, end) for p, first, end in stands if first < end}
