"""The ledger's own rows as values; entries and decisions are values of the decision core (decider/record.py)."""

from dataclasses import dataclass, field
from datetime import datetime

from recordgate_schemas.values import EntryId, NhsNumber
from recordgate_streams.decider.record import AcceptedEntry
from recordgate_streams.policy.facts import Facts


def stored(number: NhsNumber) -> int:
    """Return an NHS number as the tables have it."""
    return int(number.digits)


def number_of(value: int) -> NhsNumber:
    """Return the NHS number of a table's value."""
    return NhsNumber(f"{value:010d}")


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's facts, and the position of the last control they contain (-1: none).

    `due_at`: when time alone may next change a decision about the patient, as far as known.
    """

    nhs_number: NhsNumber
    partition: int
    facts: Facts
    control_position: int
    due_at: datetime | None = None

    @property
    def key(self) -> bytes:
        """The key of every message about the patient."""
        return self.nhs_number.digits.encode()


@dataclass(frozen=True, slots=True)
class NewVersion:
    """An accepted version that is to be stored, with its body.

    `envelope`: as it was published, without the body. `replaces`: whether another version of the entry is stored.
    """

    accepted: AcceptedEntry
    envelope: bytes = field(repr=False)
    replaces: bool


@dataclass(frozen=True, slots=True)
class Redecision:
    """A patient to be decided again: all entries, or those named.

    `through`: the control position that the marker at the end confirms. `forced`: entries whose decision is published
    again even if it is unchanged; with `publish_all`, all are. `published_at`: the broker's time of the earliest cause.
    `closing`: the number of the message that closed the patient until this is done, -1 for none.
    """

    nhs_number: NhsNumber
    partition: int
    through: int
    entry_ids: tuple[EntryId, ...] | None
    forced: tuple[EntryId, ...]
    published_at: datetime
    publish_all: bool = False
    closing: int = -1


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way to the broker."""

    topic: str
    partition: int
    sequence: int
    key: bytes = field(repr=False)
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A record that could not be understood, and the rule that it breaks."""

    topic: str
    partition: int
    offset: int
    error: str
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
