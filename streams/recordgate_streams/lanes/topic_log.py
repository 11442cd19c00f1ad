"""What a lane has to know of the topics to judge its ledger: what was published last, and where the sources end."""

from collections.abc import Sequence

from recordgate_runtime.record import Record
from recordgate_runtime.settings import Settings
from recordgate_runtime.tails import read_tails
from recordgate_schemas import codec
from recordgate_schemas.errors import FatalError, PoisonError
from recordgate_schemas.topics import CONTROLS, ENTRIES, Topic
from recordgate_streams.ledger.incarnations import PAGE, PUBLISHED, Newest

Known = tuple[int, int]
"""Incarnation and sequence number of a message."""


class TopicLog:
    """Asks the broker, over connections of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def newest(self, partitions: Sequence[int]) -> list[Newest]:
        """Return what is greatest at the end of each output partition that holds anything."""
        return [one for topic in PUBLISHED for one in self._newest_of(topic, partitions)]

    def _newest_of(self, topic: Topic, partitions: Sequence[int]) -> list[Newest]:
        tails = read_tails(topic, partitions, self._settings, lambda r: _known(topic, r))
        return [
            Newest(topic.name, partition, *_greatest(topic, partition, tail))
            for partition, tail in tails.items()
            if tail
        ]

    def ends(self, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return, by partition, the offsets after the last records of `entries` and `controls`."""
        entries, controls = (
            read_tails(topic, partitions, self._settings, lambda record: record.offset + 1)
            for topic in (ENTRIES, CONTROLS)
        )
        return {p: (max(entries[p], default=0), max(controls[p], default=0)) for p in partitions}


def _known(topic: Topic, record: Record) -> Known | None:
    try:
        message = codec.decode(topic, record.value)
    except PoisonError:
        return None
    return message.incarnation, message.sequence


def _greatest(topic: Topic, partition: int, tail: Sequence[Known | None]) -> Known:
    """Return the greatest that is known. SAFETY: when nothing can be read, nobody knows what was published."""
    known = [one for one in tail if one is not None]
    if not known:
        raise FatalError(
            f"{topic.name}/{partition} ends in messages that are not the decider's; see {PAGE}"
        )
    return max(known)
