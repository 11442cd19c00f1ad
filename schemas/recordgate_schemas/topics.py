"""Every topic: what it carries, who writes it, who reads it, how it is kept. The only list of topics there is."""

from dataclasses import dataclass
from enum import StrEnum

from recordgate_schemas.bounds import ENTRY_BYTES
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import (
    Held,
    IncarnationMessage,
    Quarantined,
    Receipts,
    Released,
)

DAY_MS = 86_400_000
WRAPPED_BYTES = ENTRY_BYTES + 64 * 1024
"""An entry inside a release or a hold grows by its reasons and numbers."""


class Principal(StrEnum):
    """Who speaks to Kafka: each process, and each kind of command, under the name it signs in with."""

    PUBLISHER = "publisher"
    DECIDE_ENTRIES = "decide-entries"
    DECIDE_CONTROLS = "decide-controls"
    VIEW_SINK = "view-sink"
    GATE_LANE = "gate-lane"
    REVIEW_SINK = "review-sink"
    OPERATOR = "operator"
    RESTORE = "restore"
    METRICS = "metrics"
    """Reads how far topics go, and no record."""

    ADMIN = "admin"
    """Makes topics, ACLs and passwords; no process of ours is it while it runs."""


DECIDER = (Principal.DECIDE_ENTRIES, Principal.DECIDE_CONTROLS)
LOOK_BACK = (*DECIDER, Principal.RESTORE)
"""Who reads what the decider published last, to see whether the ledger is the one that published it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `schema` names the newest file under `avro/`; keyed by NHS number, murmur2, as all are.

    Writers and readers are what the broker's ACLs are made of. `tick` names the schema of the ticks that may lie
    between its messages; they are skipped. `incarnation` names the schema of the decider's messages about a partition
    itself, which have no key.
    """

    name: str
    message: type
    schema: str
    writers: tuple[Principal, ...]
    readers: tuple[Principal, ...]
    carries: str
    retention_ms: int
    max_bytes: int
    tick: str | None = None
    incarnation: str | None = None

    def message_of(self, schema: str) -> type:
        """Return which message a schema of this topic describes."""
        return IncarnationMessage if schema == self.incarnation else self.message

    def schema_of(self, message: object) -> str:
        """Return the newest schema for a message of this topic."""
        if self.incarnation is not None and isinstance(message, IncarnationMessage):
            return self.incarnation
        return self.schema


ENTRIES = Topic(
    name="entries",
    message=ClinicalEntry,
    schema="clinical_entry.v1",
    writers=(Principal.PUBLISHER, Principal.OPERATOR),
    readers=LOOK_BACK,
    carries="entry versions: a decision envelope and an opaque FHIR body",
    retention_ms=30 * DAY_MS,
    max_bytes=ENTRY_BYTES,
)
CONTROLS = Topic(
    name="controls",
    message=Control,
    schema="control.v1",
    writers=(
        Principal.PUBLISHER,
        Principal.REVIEW_SINK,
        Principal.OPERATOR,
        Principal.GATE_LANE,
    ),
    readers=(Principal.DECIDE_CONTROLS, Principal.GATE_LANE, Principal.RESTORE),
    carries="facts that change who may see what; ticks",
    retention_ms=90 * DAY_MS,
    max_bytes=4 * 1024 * 1024,
    tick="tick.v1",
)
RELEASED = Topic(
    name="released",
    message=Released,
    schema="released.v1",
    writers=DECIDER,
    readers=(Principal.VIEW_SINK, *LOOK_BACK),
    carries="releases, retractions, re-decision markers and closings, in per-patient order",
    retention_ms=30 * DAY_MS,
    max_bytes=WRAPPED_BYTES,
    incarnation="incarnation.v1",
)
HELD = Topic(
    name="held",
    message=Held,
    schema="held.v1",
    writers=DECIDER,
    readers=(Principal.REVIEW_SINK, *LOOK_BACK),
    carries="holds opened, updated and closed, with the entry and the reasons",
    retention_ms=30 * DAY_MS,
    max_bytes=WRAPPED_BYTES,
    incarnation="incarnation.v1",
)
RECEIPTS = Topic(
    name="receipts",
    message=Receipts,
    schema="receipts.v1",
    writers=DECIDER,
    readers=(Principal.PUBLISHER, *LOOK_BACK),
    carries="the outcome class of each entry version, those of a system together, no clinical detail",
    retention_ms=30 * DAY_MS,
    max_bytes=64 * 1024,
)
QUARANTINED = Topic(
    name="quarantined",
    message=Quarantined,
    schema="quarantined.v1",
    writers=DECIDER,
    readers=(Principal.OPERATOR, *LOOK_BACK),
    carries="coordinates and error class of records that could not be understood",
    retention_ms=90 * DAY_MS,
    max_bytes=64 * 1024,
)

TOPICS = (ENTRIES, CONTROLS, RELEASED, HELD, RECEIPTS, QUARANTINED)
BY_NAME = {topic.name: topic for topic in TOPICS}
