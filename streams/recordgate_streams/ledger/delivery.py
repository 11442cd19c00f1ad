"""Publishes what a lane has committed: a few messages are completed at a time, and every one is confirmed."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.errors import RecordgateError, RetryableError
from recordgate_schemas.topics import BY_NAME
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.ledger.outbox import BEFORE_ALL, OutboxRow, OutboxStore
from recordgate_streams.ledger.outgoing import Draft, complete
from recordgate_streams.ledger.rows import Outgoing

Publish = Callable[[Sequence[Outgoing]], None]
"""Returns once the broker has confirmed every message, and raises otherwise."""


class Delivery:
    """Delivers rows of the outbox. Outside a transaction: a body is read, not kept, while the broker is waited for.

    `most_bytes`: of bodies read and of messages published at once; a larger one is alone.
    """

    def __init__(
        self, store: OutboxStore, publish: Publish, bodies: BodyReader, most_bytes: int
    ) -> None:
        self._store, self._publish = store, publish
        self._bodies, self._most_bytes = bodies, most_bytes

    def deliver(self, rows: Iterable[OutboxRow]) -> None:
        """Publish the messages of rows and return when all are confirmed.

        Any failure ends the process: what was committed is decided, and only a start publishes what is left.
        """
        try:
            messages = (message for row in rows for message in self._complete(row))
            for part in _parts(messages, self._most_bytes):
                self._publish(part)
        except RecordgateError:
            raise
        except Exception as error:
            raise RetryableError(f"publishing failed ({type(error).__name__})") from error

    def deliver_left(self, lane: str, partitions: Sequence[int]) -> int:
        """Publish, row by row, what a lane committed before it died, and forget it; return how many messages."""
        count, last = 0, BEFORE_ALL
        while row := self._store.next_unconfirmed(lane, partitions, last):
            self.deliver([row])
            self._store.forget(lane, [row.place])
            count, last = count + len(row.drafts), row.place
        return count

    def _complete(self, row: OutboxRow) -> Iterator[Outgoing]:
        topic = BY_NAME[row.topic]
        stored = self._stored([draft for draft in row.drafts if _is_to_read(draft)])
        for draft in row.drafts:
            known = draft.reference.entry if draft.reference else None
            entry = next(stored) if _is_to_read(draft) else known
            yield complete(self._bodies, topic, row.partition, draft, entry)

    def _stored(self, drafts: Sequence[Draft]) -> Iterator[ClinicalEntry | None]:
        """Yield the entries that drafts tell of, read in bounded pages, each in one snapshot."""
        while drafts:
            found = self._store.bodies_of(drafts, self._most_bytes)
            yield from found
            drafts = drafts[len(found) :]


def _is_to_read(draft: Draft) -> bool:
    """Whether a message needs a body that is not in memory."""
    reference = draft.reference
    return reference is not None and not (reference.entry and reference.entry.body)


def _parts(messages: Iterable[Outgoing], most_bytes: int) -> Iterator[list[Outgoing]]:
    """Cut messages into parts that have no more bytes than that; a larger message is alone."""
    part: list[Outgoing] = []
    size = 0
    for message in messages:
        size += len(message.value)
        if part and size > most_bytes:
            yield part
            part, size = [], len(message.value)
        part.append(message)
    if part:
        yield part
