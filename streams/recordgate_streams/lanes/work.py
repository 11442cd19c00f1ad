"""What one ledger transaction gathers before it commits: verdicts, messages to tell, the account, the quarantine."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from recordgate_runtime.kafka import Record
from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import (
    Held,
    Quarantined,
    Receipt,
    ReceiptClass,
    Redecided,
    Released,
)
from recordgate_schemas.topics import HELD, QUARANTINED, RECEIPTS, RELEASED, Topic
from recordgate_schemas.values import SELF
from recordgate_streams.lanes import outcome
from recordgate_streams.lanes.outcome import Verdict
from recordgate_streams.ledger.relatives import RelativesStore
from recordgate_streams.ledger.rows import Quarantine, Redecision
from recordgate_streams.ledger.rules import InForce
from recordgate_streams.ledger.store import Store, entry_key

Numbered = Callable[[int], object]


@dataclass(slots=True)
class Work:
    """One transaction's gatherings. `redecided` patients are wholly decided again once the verdicts here are told.

    `messages` wait for their sequence numbers, which are taken last.
    """

    store: Store
    relatives: RelativesStore
    rules: InForce
    at: datetime
    verdicts: list[Verdict] = field(default_factory=list)
    redecided: list[Redecision] = field(default_factory=list)
    messages: dict[tuple[str, int], list[tuple[bytes, Numbered]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    account: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    quarantined: list[Quarantine] = field(default_factory=list)

    def tell(self, topic: Topic, partition: int, key: bytes, message: Numbered) -> None:
        """Queue a message; `message` is called with its sequence number."""
        self.messages[topic.name, partition].append((key, message))

    def count(self, topic: Topic, partition: int, kind: str, n: int = 1) -> None:
        """Account for records of a partition."""
        self.account[topic.name, partition, kind] += n

    def quarantine(self, topic: Topic, record: Record, error: str) -> None:
        """Set a record aside that could not be understood."""
        where = (topic.name, record.partition, record.offset)
        self.count(topic, record.partition, "quarantined")
        self.quarantined.append(Quarantine(*where, error, record.value))
        self.tell(
            QUARANTINED,
            record.partition,
            record.key or b"",
            lambda n: Quarantined(n, *where, error, self.at),
        )
        log(
            LogCode.QUARANTINED,
            topic=topic.name,
            partition=record.partition,
            offset=record.offset,
            error=error,
        )

    def tell_receipt(self, partition: int, entry: ClinicalEntry, receipt: ReceiptClass) -> None:
        """Queue what a publisher learns of an entry version."""
        self.tell(
            RECEIPTS,
            partition,
            entry.nhs_number.digits.encode(),
            lambda n: Receipt(
                n, entry.practice, entry.system, entry.entry_id, entry.version, receipt, self.at
            ),
        )

    def tell_all(self, changed: Sequence[Verdict]) -> None:
        """Queue what follows from the verdicts that changed, then the markers.

        INVARIANT: a patient's marker has a higher sequence number than every message it vouches for.
        """
        _tell_verdicts(self, changed)
        for asked in self.redecided:
            self._tell_redecided(asked)

    def _tell_redecided(self, asked: Redecision) -> None:
        through, at, number = asked.through, asked.published_at, asked.nhs_number
        self.tell(
            RELEASED,
            asked.partition,
            number.digits.encode(),
            lambda n: Released(n, number, through, at, Redecided(through)),
        )


def _tell_verdicts(work: Work, changed: Sequence[Verdict]) -> None:
    missing = [
        entry_key(v.stored.entry)
        for v in changed
        if outcome.needs_body(v) and not v.stored.entry.body
    ]
    bodies = work.store.load_bodies(missing) if missing else {}
    for verdict in changed:
        entry = verdict.stored.entry
        _tell_verdict(work, verdict, entry.body or bodies.get(entry_key(entry), b""))


def _tell_verdict(work: Work, verdict: Verdict, body: bytes) -> None:
    number, partition = verdict.stored.entry.nhs_number, verdict.stored.partition
    key = number.digits.encode()
    shown = outcome.for_view(verdict, body)
    if shown is not None:
        under, at = verdict.decided_under, verdict.caused_at
        work.tell(RELEASED, partition, key, lambda n: Released(n, number, under, at, shown))
    hold = outcome.for_queue(verdict, body, work.rules.ruleset.reasons)
    if hold is not None:
        work.tell(HELD, partition, key, lambda n: Held(n, number, work.at, hold))
    if verdict.decision.audience == SELF:
        receipt = outcome.RECEIPTS[verdict.decision.outcome]
        work.tell_receipt(partition, verdict.stored.entry, receipt)
