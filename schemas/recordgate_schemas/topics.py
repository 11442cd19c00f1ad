"""Every topic: what it carries, who writes it, who reads it, how it is kept. The only list of topics there is."""

from dataclasses import dataclass

from recordgate_schemas.bounds import ENTRY_BYTES
from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import (
    Held,
    IncarnationMessage,
    Quarantined,
    Receipt,
    Released,
)

DAY_MS = 86_400_000
WRAPPED_BYTES = ENTRY_BYTES + 64 * 1024
"""An entry inside a release or a hold grows by its reasons and numbers."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `schema` names the newest file under `avro/`; keyed by NHS number, murmur2, as all are.

    `tick` names the schema of the ticks that may lie between its messages; they are skipped. `incarnation` names the
    schema of the decider's messages about a partition itself, which have no key.
    """

    name: str
    message: type
    schema: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
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
    writers=("publishers",),
    readers=("decider (entries lane)",),
    carries="entry versions: a decision envelope and an opaque FHIR body",
    retention_ms=30 * DAY_MS,
    max_bytes=ENTRY_BYTES,
)
CONTROLS = Topic(
    name="controls",
    message=Control,
    schema="control.v1",
    writers=("publishers", "review relay", "operators", "gate lane (ticks)"),
    readers=("decider (controls lane)", "gate lane"),
    carries="facts that change who may see what; ticks",
    retention_ms=90 * DAY_MS,
    max_bytes=4 * 1024 * 1024,
    tick="tick.v1",
)
RELEASED = Topic(
    name="released",
    message=Released,
    schema="released.v1",
    writers=("decider",),
    readers=("view sink",),
    carries="releases, retractions, re-decision markers and closings, in per-patient order",
    retention_ms=30 * DAY_MS,
    max_bytes=WRAPPED_BYTES,
    incarnation="incarnation.v1",
)
HELD = Topic(
    name="held",
    message=Held,
    schema="held.v1",
    writers=("decider",),
    readers=("review sink",),
    carries="holds opened, updated and closed, with the entry and the reasons",
    retention_ms=30 * DAY_MS,
    max_bytes=WRAPPED_BYTES,
    incarnation="incarnation.v1",
)
RECEIPTS = Topic(
    name="receipts",
    message=Receipt,
    schema="receipt.v1",
    writers=("decider",),
    readers=("publishers",),
    carries="the outcome class of each entry version, no clinical detail",
    retention_ms=30 * DAY_MS,
    max_bytes=64 * 1024,
)
QUARANTINED = Topic(
    name="quarantined",
    message=Quarantined,
    schema="quarantined.v1",
    writers=("decider",),
    readers=("operators",),
    carries="coordinates and error class of records that could not be understood",
    retention_ms=90 * DAY_MS,
    max_bytes=64 * 1024,
)

TOPICS = (ENTRIES, CONTROLS, RELEASED, HELD, RECEIPTS, QUARANTINED)
BY_NAME = {topic.name: topic for topic in TOPICS}
