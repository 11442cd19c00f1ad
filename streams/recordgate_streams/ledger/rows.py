"""The ledger's rows as values, in the words of the glossary."""

from dataclasses import dataclass, field
from datetime import datetime

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.policy.facts import Facts
from recordgate_streams.policy.marks import Marks

EntryKey = tuple[NhsNumber, EntryId]


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's facts, and the position of the last control they contain (-1: none)."""

    nhs_number: NhsNumber
    partition: int
    facts: Facts
    control_position: int


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """The newest version of an entry. `entry.body` is empty when only the envelope was loaded."""

    entry: ClinicalEntry
    conflict: bool
    body_mismatch: bool
    partition: int
    offset: int
    published_at: datetime
    gone_at_source: bool = False


@dataclass(frozen=True, slots=True)
class CurrentDecision:
    """The decision in force for an entry and an audience."""

    entry_id: EntryId
    audience: Audience
    version: int
    outcome: str
    headline: str | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """All that deciding one entry needs: the entry, its marks, and the decisions in force by audience."""

    stored: StoredEntry
    marks: Marks
    current: dict[Audience, CurrentDecision]


@dataclass(frozen=True, slots=True)
class Redecision:
    """A patient to be decided again: all entries, or those named; `forced` ones are told again even if unchanged."""

    nhs_number: NhsNumber
    partition: int
    through: int
    entry_ids: tuple[EntryId, ...] | None
    forced: tuple[EntryId, ...]
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way: topic, partition, sequence number, key and value."""

    topic: str
    partition: int
    sequence: int
    key: bytes = field(repr=False)
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A record that could not be understood, and why."""

    topic: str
    partition: int
    offset: int
    error: str
    raw: bytes | None = field(repr=False)
