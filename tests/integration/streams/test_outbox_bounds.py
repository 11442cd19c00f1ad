"""However much is to publish, and however large: a few bodies at a time are in memory."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from recordgate_schemas.control import Level
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import Release, Released
from recordgate_schemas.values import EntryId
from recordgate_streams.ledger.incarnations import IncarnationStore
from recordgate_streams.ledger.outbox import OutboxStore
from recordgate_streams.ledger.outgoing import Numbered, Reference
from recordgate_streams.ledger.rows import Outgoing
from tests.support.builders import NHS_NUMBER, NOW, access, control, entry, registered
from tests.support.ledger import Ledger

BODY_BYTES, MOST = 100_000, 1_000_000
STORED, READERS = 100, 100


@dataclass
class Scales:
    """A publisher that keeps the size of what it is given at once, and nothing else."""

    parts: list[int] = field(default_factory=list)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.parts.append(sum(len(m.value) for m in messages))


def many(count: int) -> list[ClinicalEntry]:
    body = b'{"id":"' + b"x" * BODY_BYTES + b'"}'
    return [entry(entry_id=EntryId(f"e{n:05}"), body=body) for n in range(count)]


def test_ten_thousand_unconfirmed_messages_with_large_bodies_are_never_in_memory_together(
    ledger: Ledger,
) -> None:
    """A hundred entries of 100 kB, each released to a hundred readers: 1 GB of messages, 10 MB in the ledger."""
    ledger.say(registered(), access())
    ledger.publish(*many(STORED))
    ledger.entries.stop()
    assert release_to_everybody(ledger) == STORED * READERS
    ledger.limits = {"batch_bytes": MOST}
    lane, scales = ledger.entries_lane(), Scales()
    lane._ledger._delivery._publish = scales.publish

    tracemalloc.start()
    lane.resume([0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sum(scales.parts) > STORED * READERS * BODY_BYTES
    assert max(scales.parts) <= MOST
    assert peak < 20 * MOST
    left = ledger.owner.execute("select count(*) from outbox where lane = 'entries'").fetchone()
    assert left == (0,)


def release_to_everybody(ledger: Ledger) -> int:
    """Put every entry into the outbox for all its readers, as if that had just been committed; return how many."""
    ledger.owner.execute(
        "insert into proxy_decision select nhs_number, version, decided_at, decided_under, decided_in, generation,"
        " entry_id, 'proxy:' || n, outcome, digest from entry, generate_series(2, %s) n",
        (READERS,),
    )
    rows = ledger.owner.execute(
        "select c.entry_id, c.audience, c.digest, sha256(e.body) from current_decision c"
        " join entry e using (nhs_number, entry_id)"
    )
    numbered = [_numbered(*row) for row in rows]
    incarnation = IncarnationStore(ledger.owner).number() or 0
    with ledger.owner.transaction():
        queued = {("released", 0): numbered}
        stored = OutboxStore(ledger.owner).put("entries", incarnation, queued)
    return sum(len(row.drafts) for row in stored)


def _numbered(entry_id: str, audience: str, digest: bytes, sha256: bytes) -> Numbered:
    fields = (entry().kind, None, None, False, None, b"", entry().body_type, sha256)
    change = Release(audience, EntryId(entry_id), 1, *fields)  # type: ignore[arg-type]
    make = partial(_released, change)
    return Numbered(NHS_NUMBER.digits.encode(), make, Reference(change, digest))


def _released(change: Release, number: int) -> Released:
    return Released(0, number, NHS_NUMBER, 0, NOW, change)


def test_a_page_decided_again_reads_its_bodies_a_few_at_a_time(ledger: Ledger) -> None:
    ledger.limits = {"batch_bytes": MOST}
    ledger.restart()
    ledger.say(registered(), access())
    ledger.publish(*many(40))
    ledger.say(access(Level.SUMMARY))
    scales = Scales()
    ledger.controls._ledger._delivery._publish = scales.publish
    ledger.say(control(access(), effective_at=NOW))
    assert sum(scales.parts) > 40 * BODY_BYTES
    assert max(scales.parts) <= MOST
