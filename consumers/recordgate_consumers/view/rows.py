"""Released messages as rows of `released_entry`, checked."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from recordgate_schemas.messages import Redecided, Release, Released


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A row of `released_entry`; a retraction has nothing after `decided_under`."""

    nhs_number: str = field(repr=False)
    audience: str
    entry_id: str
    sequence: int
    decided_under: int
    version: int | None = None
    kind: str | None = None
    event_date: date | None = field(default=None, repr=False)
    recorded_at: datetime | None = field(default=None, repr=False)
    redacted: bool | None = None
    valid_until: datetime | None = None
    body: bytes | None = field(default=None, repr=False)
    body_type: str | None = None
    body_sha256: bytes | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What the row is about."""
        return self.nhs_number, self.audience, self.entry_id


def entry_row(message: Released) -> EntryRow | None:
    """Return the row a message asks for; a retraction in place of a broken release; None for a marker."""
    change = message.change
    if isinstance(change, Redecided):
        return None
    number, under = message.nhs_number.digits, message.decided_under
    if not isinstance(change, Release) or is_broken(change):
        return EntryRow(number, change.audience, change.entry_id, message.sequence, under)
    return EntryRow(
        nhs_number=number,
        audience=change.audience,
        entry_id=change.entry_id,
        sequence=message.sequence,
        decided_under=under,
        version=change.version,
        kind=change.kind.value,
        event_date=change.event_date,
        recorded_at=change.recorded_at,
        redacted=change.redacted,
        valid_until=change.valid_until,
        body=change.body,
        body_type=change.body_type,
        body_sha256=change.body_sha256,
    )


def is_broken(release: Release) -> bool:
    """Return True when the body is not the one that was decided on, or cannot be stored."""
    # SAFETY: what the hash does not cover was not released; PostgreSQL's text knows no NUL.
    return hashlib.sha256(release.body).digest() != release.body_sha256 or "\0" in release.body_type
