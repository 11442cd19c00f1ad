"""Held messages as rows of `hold`."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from recordgate_schemas.messages import Held, HoldClosed, HoldOpened, Queue

SOURCE_FACTOR = 2
"""Nobody can work on a hold that waits for its source: it is due after so many times the days of the others."""


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A row of `hold`; a closed one says why and carries no content. `reasons` is a JSON list."""

    nhs_number: str = field(repr=False)
    audience: str
    entry_id: str
    sequence: int
    state: str
    updated_at: datetime
    closed_because: str | None = None
    queue: str | None = None
    version: int | None = None
    practice: str | None = None
    kind: str | None = None
    event_date: date | None = field(default=None, repr=False)
    reasons: str = "[]"
    hide_first: bool | None = None
    bulk_release: bool | None = None
    decided_under: int | None = None
    ruleset: str | None = None
    body: bytes | None = field(default=None, repr=False)
    body_type: str | None = None
    body_sha256: bytes | None = None
    opened_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What the hold is about."""
        return self.nhs_number, self.audience, self.entry_id


def hold_row(message: Held, due_after: timedelta) -> HoldRow | None:
    """Return the row of `hold` a message asks for, if any. `due_after`: how long a hold may stay open."""
    match message.change:
        case HoldOpened() as change:
            return _open_hold(message, change, due_after)
        case HoldClosed() as change:
            return HoldRow(
                message.nhs_number.digits,
                change.audience,
                change.entry_id,
                message.sequence,
                "closed",
                message.at,
                closed_because=change.outcome.replace("\0", ""),
            )
        case _:
            return None


def _open_hold(message: Held, change: HoldOpened, due_after: timedelta) -> HoldRow:
    factor = SOURCE_FACTOR if change.queue is Queue.SOURCE else 1
    return HoldRow(
        message.nhs_number.digits,
        change.audience,
        change.entry_id,
        message.sequence,
        "open",
        message.at,
        queue=change.queue.value,
        version=change.version,
        practice=change.practice,
        kind=change.kind.value,
        event_date=change.event_date,
        reasons=json.dumps([reason.replace("\0", "") for reason in change.reasons]),
        hide_first=change.hide_first,
        bulk_release=change.bulk_release,
        decided_under=change.decided_under,
        ruleset=change.ruleset,
        body=change.body,
        body_type=change.body_type.replace("\0", ""),  # PostgreSQL's text knows no NUL
        body_sha256=change.body_sha256,
        opened_at=message.at,
        due_at=message.at + factor * due_after,
    )
