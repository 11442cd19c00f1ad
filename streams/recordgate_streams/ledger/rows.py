"""The ledger's rows as values, in the words of the glossary."""

from dataclasses import dataclass, field
from datetime import datetime

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.reasons import Outcome
from recordgate_schemas.values import Audience, EntryId, NhsNumber
from recordgate_streams.policy.facts import Facts

EntryKey = tuple[NhsNumber, EntryId]


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's facts, and the position of the last control they contain (-1: none).

    `due_at`: when time alone will next change a decision about them, as far as known.
    """

    nhs_number: NhsNumber
    partition: int
    facts: Facts
    control_position: int
    due_at: datetime | None = None


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
    """The decision in force for an entry and an audience.

    `released_under`: the ruleset under which the entry was released that the ruleset of this decision holds.
    """

    entry_id: EntryId
    audience: Audience
    version: int
    outcome: str
    headline: str | None
    digest: bytes
    ruleset: str = ""
    released_under: str | None = None

    @property
    def released(self) -> bool:
        """True when the audience is shown the entry."""
        return self.outcome in (Outcome.RELEASED, Outcome.RELEASED_REDACTED)


@dataclass(frozen=True, slots=True)
class Subject:
    """An entry, and the decisions in force by audience."""

    stored: StoredEntry
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
