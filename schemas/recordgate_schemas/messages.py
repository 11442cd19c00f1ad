"""What the decider publishes: released, held, receipts, quarantined.

Every message carries its `sequence`: contiguous per partition and topic, so that a reader can distinguish late from
lost. Numbers are compared within one `incarnation` of the ledger; a restored ledger begins a new one.
Avro forms: `avro/released.v1.avsc`, `held.v1.avsc`, `receipts.v1.avsc`, `quarantined.v1.avsc`, `incarnation.v1.avsc`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from recordgate_schemas.bounds import Body, Most, Name, Sha256, Text, Word
from recordgate_schemas.entry import Kind
from recordgate_schemas.values import Audience, EntryId, NhsNumber, OdsCode


@dataclass(frozen=True, slots=True)
class Release:
    """Show this entry to this audience until `valid_until` (None: for ever). `body_sha256`: of the body as released."""

    audience: Audience
    entry_id: EntryId
    version: int
    kind: Kind
    event_date: date | None
    recorded_at: datetime | None
    redacted: bool
    valid_until: datetime | None
    body: Body = field(repr=False)
    body_type: Name
    body_sha256: Sha256


@dataclass(frozen=True, slots=True)
class Retract:
    """Do not show this entry to this audience any more."""

    audience: Audience
    entry_id: EntryId


@dataclass(frozen=True, slots=True)
class Redecided:
    """Every entry of this patient was re-decided under all controls up to position `through`.

    `lifts`: the sequence number of the newest `Closed` committed before the first page of it, -1 for none.
    """

    through: int
    lifts: int


@dataclass(frozen=True, slots=True)
class Closed:
    """Show nothing of this patient until a marker lifts this message's sequence number, or a greater one."""


@dataclass(frozen=True, slots=True)
class Released:
    """One step of a patient's view, in per-patient order of `sequence`.

    `decided_under`: the position of the last control the decision took into account, -1 for none.
    `published_at`: the broker's time of the entry or control that caused it (for latency only).
    """

    incarnation: int
    sequence: int
    nhs_number: NhsNumber
    decided_under: int
    published_at: datetime
    change: Release | Retract | Redecided | Closed


class Queue(StrEnum):
    """Who must look: staff of the practice, a clinician, operators, or nobody yet because its source is not done."""

    PRACTICE = "practice"
    CLINICIAN = "clinician"
    SYSTEM = "system"
    SOURCE = "source"


class TaskKind(StrEnum):
    """What kind of work a decision asks for when it holds no entry."""

    REVIEW = "review"
    URGENT = "urgent"
    PRACTICE = "practice"
    CONFIG = "config"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class HoldOpened:
    """A person must look at this entry: opens the hold, or replaces the content of an open one.

    `hide_first`: hiding is the action to offer first. `bulk_release`: may be released together with others.
    """

    audience: Audience
    entry_id: EntryId
    version: int
    practice: OdsCode
    kind: Kind
    event_date: date | None
    reasons: Annotated[tuple[Word, ...], Most(100)]
    queue: Queue
    hide_first: bool
    bulk_release: bool
    decided_under: int
    ruleset: Word
    body: Body = field(repr=False)
    body_type: Name
    body_sha256: Sha256


@dataclass(frozen=True, slots=True)
class HoldClosed:
    """The entry is not held any more; `outcome`: what became of it."""

    audience: Audience
    entry_id: EntryId
    outcome: Word


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """Somebody has to do something about a patient, a grant or an entry, though no entry waits for it.

    Known by reason, audience and entry; `entry_id` is None when it is about the patient or the grant.
    """

    reason: Word
    audience: Audience
    entry_id: EntryId | None
    practice: OdsCode
    kind: TaskKind


@dataclass(frozen=True, slots=True)
class TaskClosed:
    """What the task was about is settled."""

    reason: Word
    audience: Audience
    entry_id: EntryId | None


@dataclass(frozen=True, slots=True)
class Held:
    """One step of a practice's work: holds and tasks."""

    incarnation: int
    sequence: int
    nhs_number: NhsNumber
    at: datetime
    change: HoldOpened | HoldClosed | TaskOpened | TaskClosed


class ReceiptClass(StrEnum):
    """What a publisher learns about an entry version: the class, no clinical detail."""

    RELEASED = "released"
    HELD = "held"
    WITHHELD = "withheld"
    NOT_ELIGIBLE = "not_eligible"
    DEFERRED = "deferred"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an entry version, for audience `self`."""

    entry_id: EntryId
    version: int
    outcome: ReceiptClass


MOST_RECEIPTS = 200
"""So many of the largest fit the topic."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """What became of a system's entry versions in one transaction of the decider, in its order. About many patients."""

    incarnation: int
    sequence: int
    practice: OdsCode
    system: Name
    at: datetime
    receipts: Annotated[tuple[Receipt, ...], Most(MOST_RECEIPTS)]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that could not be understood: its coordinates and the rule it broke, never its content."""

    incarnation: int
    sequence: int
    topic: Word
    partition: int
    offset: int
    error: Text
    at: datetime


class IncarnationState(StrEnum):
    """How far a ledger's incarnation has come in one partition."""

    STARTED = "started"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class IncarnationMessage:
    """One step of a partition of `released` or `held` itself, about no patient and without a key.

    `started`: the incarnation begins. `open`: all that the ledger decides about the partition has been published in it.
    """

    incarnation: int
    sequence: int
    partition: int
    state: IncarnationState
