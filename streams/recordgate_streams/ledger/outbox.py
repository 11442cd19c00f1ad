"""The outbox: a lane's messages from their commit until the broker has confirmed them.

A message is kept as it was, but for a body: that stays in the ledger's entry, and the message has a reference to it.
What has no body (markers, retractions, receipts, tasks, notices) is published again exactly as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.errors import FatalError
from recordgate_schemas.topics import BY_NAME, ENTRIES
from recordgate_streams.ledger.incarnations import PAGE
from recordgate_streams.ledger.outgoing import Draft, Numbered, Reference

SQL = Statements("recordgate_streams.ledger", "outbox.sql")
ROW_MESSAGES = 1_000
"""No row holds more messages."""

Place = tuple[str, int, int]
"""What identifies a row: topic, partition, number of its first message."""

BEFORE_ALL: Place = ("", -1, -1)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Messages of one transaction on one partition of a topic, in the order of their numbers, without gaps."""

    topic: str
    partition: int
    drafts: Sequence[Draft]

    @property
    def place(self) -> Place:
        """What identifies the row."""
        return self.topic, self.partition, self.drafts[0].sequence


class OutboxStore:
    """The table `outbox` and the sequence numbers, over one connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._db = connection

    def put(
        self, lane: str, incarnation: int, messages: Mapping[tuple[str, int], Sequence[Numbered]]
    ) -> list[OutboxRow]:
        """Give the messages their numbers, by topic and partition, and store them; late, as other lanes wait for it."""
        rows: list[OutboxRow] = []
        for (topic, partition), queued in sorted(messages.items()):
            first = self._take(topic, partition, len(queued), incarnation)
            drafts = [message.draft(BY_NAME[topic], n) for n, message in enumerate(queued, first)]
            rows += [
                OutboxRow(topic, partition, drafts[begin : begin + ROW_MESSAGES])
                for begin in range(0, len(drafts), ROW_MESSAGES)
            ]
        for row in rows:
            self._db.execute(SQL["put_row"], {"lane": lane} | _values(row))
        return rows

    def _take(self, topic: str, partition: int, count: int, incarnation: int) -> int:
        wanted = {"topic": topic, "partition": partition, "n": count, "incarnation": incarnation}
        row = self._db.execute(SQL["take_sequence"], wanted).fetchone()
        if row is None:
            raise FatalError(f"another incarnation of the ledger has begun; see {PAGE}")
        return int(row[0])

    def next_unconfirmed(
        self, lane: str, partitions: Sequence[int], after: Place
    ) -> OutboxRow | None:
        """Return the lane's next row that was never confirmed; None when there are no more."""
        topic, partition, first = after
        place = {"topic": topic, "partition": partition, "first": first}
        wanted = {"lane": lane, "partitions": list(partitions)} | place
        row = self._db.execute(SQL["next_row"], wanted, binary=True).fetchone()
        return _row(row) if row else None

    def bodies_of(self, drafts: Sequence[Draft], most_bytes: int) -> list[ClinicalEntry | None]:
        """Return the entries that the first of these drafts tell of, with their bodies; at least one.

        None where the decision is not in force any more. No more bytes of bodies than
        that come together, unless the first has more.
        """
        rows = self._db.execute(
            SQL["bodies_of"], _wanted(drafts) | {"most_bytes": most_bytes}, binary=True
        )
        return [
            _entry(draft, envelope, body)
            for draft, (envelope, body) in zip(drafts, rows, strict=False)
        ]

    def forget(self, lane: str, places: Sequence[Place]) -> None:
        """Delete rows that the broker has confirmed."""
        if places:
            topics, partitions, firsts = map(list, zip(*places, strict=True))
            values = {"topics": topics, "partitions": partitions, "firsts": firsts, "lane": lane}
            self._db.execute(SQL["forget_rows"], values)


def _values(row: OutboxRow) -> dict[str, Any]:
    """Return a row as the statement put_row takes it."""
    references = [draft.reference for draft in row.drafts]
    taken_out = {
        str(place): [sorted(reference.drop), list(reference.pointers)]
        for place, reference in enumerate(references)
        if reference and (reference.drop or reference.pointers)
    }
    topic, partition, first = row.place
    return {
        "topic": topic,
        "partition": partition,
        "first": first,
        "keys": [draft.key for draft in row.drafts],
        "messages": [draft.value for draft in row.drafts],
        "digests": [reference.digest if reference else b"" for reference in references],
        "taken_out": Jsonb(taken_out) if taken_out else None,
    }


def _row(stored: Sequence[Any]) -> OutboxRow:
    """Return a row of the statement next_row."""
    topic, partition, first, keys, values, digests, taken_out = stored
    drafts = []
    for place, (key, value, digest) in enumerate(zip(keys, values, digests, strict=True)):
        drop, pointers = (taken_out or {}).get(str(place), ((), ()))
        reference = _reference(topic, value, digest, drop, pointers) if digest else None
        drafts.append(Draft(first + place, key, value, reference))
    return OutboxRow(topic, partition, drafts)


def _reference(
    topic: str, value: bytes, digest: bytes, drop: Iterable[str], pointers: Iterable[str]
) -> Reference:
    change = codec.decode(BY_NAME[topic], value).change
    return Reference(change, digest, frozenset(map(ElementKind, drop)), tuple(pointers))


def _wanted(drafts: Iterable[Draft]) -> dict[str, Any]:
    """Return what the statement bodies_of looks for."""
    named = [(d.key, d.reference) for d in drafts if d.reference is not None]
    return {
        "nhs_numbers": [int(key) for key, _ in named],
        "entry_ids": [one.change.entry_id for _, one in named],
        "audiences": [one.change.audience for _, one in named],
        "digests": [one.digest for _, one in named],
    }


def _entry(draft: Draft, envelope: bytes | None, body: bytes | None) -> ClinicalEntry | None:
    """Return the entry that a draft tells of.

    SAFETY: its version and hash are part of the decision's digest; compared all the same, as a message shows them.
    """
    if envelope is None or body is None or draft.reference is None:
        return None
    entry: ClinicalEntry = codec.decode(ENTRIES, envelope)
    change = draft.reference.change
    if (entry.version, entry.body_sha256) != (change.version, change.body_sha256):
        return None
    return replace(entry, body=body)
