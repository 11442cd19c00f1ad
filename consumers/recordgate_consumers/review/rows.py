"""Held messages as rows of `hold`: newest per key, with an owner and a due date, one list a column."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta

from recordgate_consumers.review.queues import queue_for
from recordgate_schemas.messages import Held, HoldOpened


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


def hold_row(message: Held, due_after: timedelta) -> HoldRow:
    """Return the row a message asks for."""
    number, change = message.nhs_number.digits, message.change
    if isinstance(change, HoldOpened):
        return _open(number, message, change, due_after)
    return HoldRow(
        number,
        change.audience,
        change.entry_id,
        message.sequence,
        "closed",
        message.at,
        closed_because=change.outcome.replace("\0", ""),
    )


def _open(number: str, message: Held, change: HoldOpened, due_after: timedelta) -> HoldRow:
    return HoldRow(
        number,
        change.audience,
        change.entry_id,
        message.sequence,
        "open",
        message.at,
        queue=queue_for(change.reasons).value,
        version=change.version,
        practice=change.practice,
        kind=change.kind.value,
        event_date=change.event_date,
        reasons=json.dumps([reason.replace("\0", "") for reason in change.reasons]),
        decided_under=change.decided_under,
        ruleset=change.ruleset,
        body=change.body,
        body_type=change.body_type.replace("\0", ""),  # PostgreSQL's text knows no NUL
        body_sha256=change.body_sha256,
        opened_at=message.at,
        due_at=message.at + due_after,
    )


def newest_rows(rows: Iterable[HoldRow]) -> list[HoldRow]:
    """Return one row a key, the one with the highest sequence number, in key order."""
    newest: dict[tuple[str, str, str], HoldRow] = {}
    for row in rows:
        known = newest.get(row.key)
        if known is None or known.sequence < row.sequence:
            newest[row.key] = row
    return [newest[key] for key in sorted(newest)]


def columns(rows: Sequence[HoldRow]) -> dict[str, list[object]]:
    """Return the rows turned on their side, as `unnest` takes them."""
    return {f.name: [getattr(row, f.name) for row in rows] for f in fields(HoldRow)}
