"""Who may approve, as the ledger keeps it: sets that follow one another and are never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from recordgate_runtime.sql import Statements, rows_as

SQL = Statements("recordgate_streams.ledger", "approvers.sql")


@dataclass(frozen=True, slots=True)
class ApproverChange:
    """A set of approvers as stored, not verified: its number, its canonical JSON, and the JWS of who changed it."""

    change: int
    document: str
    signatures: list[str]


@dataclass(frozen=True, slots=True)
class ApproverPeriod:
    """An approver's key, the change that brought it, and the change that retired it (None: trusted now)."""

    name: str
    public_key: str
    valid_from: int
    retired_by: int | None


class ApproverStore:
    """The sets of approvers, over one connection."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    def changes(self) -> list[ApproverChange]:
        """Return every set, in order, not verified."""
        return rows_as(ApproverChange, self._db, SQL["read_approver_changes"])

    def history(self) -> list[ApproverPeriod]:
        """Return every approver there has been."""
        return rows_as(ApproverPeriod, self._db, SQL["read_approvers"])

    def put(
        self, change: int, document: str, digest: str, signatures: Sequence[str], at: datetime
    ) -> bool:
        """Keep the next set; False when there is one with this number already."""
        values = {"change": change, "document": document, "digest": digest, "at": at}
        values["signatures"] = list(signatures)
        return self._db.execute(SQL["put_approver_change"], values).rowcount == 1
