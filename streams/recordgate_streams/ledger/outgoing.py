"""Completes outgoing messages. A message that shows a body is kept without it and gets it when it is published.

The same code completes a message the first time and every time it is published again.

INVARIANT: under one number goes the message as it was decided, byte for byte, or a retraction of that entry and
audience. Never what is current instead, and never nothing: a marker would count the number as applied, and lift the
fence from what the view still holds.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from recordgate_runtime.logs import LogCode, log, where
from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.errors import FatalError, InvalidValue
from recordgate_schemas.messages import Held, HoldClosed, HoldOpened, Release, Released, Retract
from recordgate_schemas.splice import with_body
from recordgate_schemas.topics import Topic
from recordgate_streams.bodies.reader import BodyReader
from recordgate_streams.ledger.rows import Outgoing

REPLACED = "REPLACED"
"""The outcome with which a hold is closed whose number is filled; the newer number says what became of it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Stands for a message's body: the message is kept without it, the body in the ledger's entry.

    `change`: what the message says, with an empty body and the hash of the entry's body. `digest`: of the decision that
    it tells. `drop`, `pointers`: what is taken out of the body. `entry`: what was decided on, with or without its body,
    as long as it is in memory.
    """

    change: Release | HoldOpened
    digest: bytes
    drop: frozenset[ElementKind] = frozenset()
    pointers: tuple[str, ...] = ()
    entry: ClinicalEntry | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that has its number: complete, or without the body that its reference stands for."""

    sequence: int
    key: bytes = field(repr=False)
    value: bytes = field(repr=False)
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message that waits for its number. `make` returns it, given that: without its body if it has a reference."""

    key: bytes = field(repr=False)
    make: Callable[[int], object]
    reference: Reference | None = None

    def draft(self, topic: Topic, sequence: int) -> Draft:
        """Return the message with its number."""
        value = codec.encode(topic, self.make(sequence))
        return Draft(sequence, self.key, value, self.reference)


def complete(
    reader: BodyReader, topic: Topic, partition: int, draft: Draft, entry: ClinicalEntry | None
) -> Outgoing:
    """Return a draft as it is published. `entry`: with its body; None when the decision was replaced since."""
    reference = draft.reference
    if reference is None:
        value = draft.value
    elif entry is None:
        value = retraction(topic, draft.value)
    else:
        try:
            value = with_body(
                topic, draft.value, reference.change, *shown(reader, reference, entry)
            )
        except (FatalError, InvalidValue) as error:
            # SAFETY: retracted, not published as it is; and no crash loop for a body that cannot be shown
            log(LogCode.FILLED, topic=topic.name, partition=partition, where=where(error))
            value = retraction(topic, draft.value)
    return Outgoing(topic.name, partition, draft.sequence, draft.key, value)


def shown(reader: BodyReader, reference: Reference, entry: ClinicalEntry) -> tuple[bytes, bytes]:
    """Return the body that a message shows, and the hash that it carries."""
    if isinstance(reference.change, HoldOpened):
        return entry.body, reference.change.body_sha256
    body = reader.redact(entry, entry.body, reference.drop, reference.pointers)
    return body, hashlib.sha256(body).digest()


def retraction(topic: Topic, value: bytes) -> bytes:
    """Return what fills the number of a message that tells a decision: it takes back what the message would show."""
    message: Released | Held = codec.decode(topic, value)
    change = message.change
    if not isinstance(change, Release | HoldOpened):
        raise FatalError(
            "only a message that shows a body is ever filled; see docs/architecture.md"
        )
    if isinstance(message, Released):
        gone = Retract(change.audience, change.entry_id)
        return codec.encode(topic, replace(message, decided_under=-1, change=gone))
    closed = HoldClosed(change.audience, change.entry_id, REPLACED)
    return codec.encode(topic, replace(message, change=closed))
