"""Where a partition's reader was when it was given each record: proof that offsets in between hold none."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recordgate_runtime.record import Mark


@dataclass(slots=True)
class _Place:
    """Where the consumer is: behind the last record (`due`), or behind holes that follow it (`next_offset`)."""

    due: int
    next_offset: int
    last: Mark | None
    jumps: dict[int, int] = field(default_factory=dict)


class Trail:
    """Follows what a consumer hands over, from where it was sent.

    A jump between two records that the consumer makes is a hole of the log. If records are dropped later, the next one
    was read from further on than where the ledger is. Written by the consumer's thread, read by another one.
    """

    def __init__(self) -> None:
        self._places: dict[int, _Place] = {}
        self._lock = threading.Lock()

    def begin(self, partition: int, offset: int, last: Mark | None) -> None:
        """The consumer was sent here; `last`: the last record before."""
        self._places[partition] = _Place(offset, offset, last)

    def forget(self, partition: int) -> None:
        """The consumer may be anywhere; what it hands over counts only after the next `begin`."""
        self._places.pop(partition, None)

    def place(self, partition: int) -> object | None:
        """Return where the consumer is, another one after each `begin`; None when it is not known."""
        return self._places.get(partition)

    def before(self, partition: int) -> tuple[Mark, int] | None:
        """Return the last record handed over, and the offset behind it and the holes that follow."""
        place = self._places.get(partition)
        return (place.last, place.next_offset) if place and place.last else None

    def hand_over(
        self, partition: int, offsets: Sequence[int], next_offset: int, last: Mark | None
    ) -> None:
        """The consumer handed over the records at these offsets, in order, and will go on from `next_offset`."""
        place = self._places.get(partition)
        if place is None:
            return
        with self._lock:
            due = place.due
            if offsets and offsets[-1] - due != len(offsets) - 1:
                for offset in offsets:
                    if offset != due:
                        place.jumps[offset] = due
                    due = offset + 1
            place.due = offsets[-1] + 1 if offsets else due
            place.next_offset, place.last = next_offset, last or place.last

    def gap_from(self, partition: int, offset: int) -> int | None:
        """Return where the consumer was when it was given a record, if before it. Asked once for each record."""
        place = self._places.get(partition)
        return place.jumps.pop(offset, None) if place else None

    def passed(self) -> Mapping[int, tuple[int, int]]:
        """Return the offsets that the consumer went over behind the last record it handed over: first and end."""
        with self._lock:
            places = [(p, s.due, s.next_offset) for p, s in dict(self._places).items()]
        return {p: (first, end) for p, first, end in places if first < end}
