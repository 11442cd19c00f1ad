"""What was set aside: kept encrypted, listed without content, repaired, and what operators did with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from recordgate_runtime.postgres import connect_as_owner
from recordgate_runtime.sql import Statements
from recordgate_schemas.coordinates import Coordinates
from recordgate_schemas.errors import UsageError
from recordgate_streams.ledger.quarantine_seal import Seal
from recordgate_streams.ledger.rows import Quarantine

_SQL = Statements("recordgate_streams.ledger", "quarantine.sql")


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A record in quarantine, without its content. `actions`: (what, who, when), the oldest first."""

    where: Coordinates
    error: str
    at: datetime
    is_kept: bool
    actions: tuple[tuple[str, str, datetime], ...]

    @property
    def state(self) -> str:
        """How far it is: quarantined, repaired or replayed."""
        done = {action for action, _, _ in self.actions}
        return next((s for s in ("replayed", "repaired") if s in done), "quarantined")


def put_quarantine(
    db: psycopg.Connection, found: Sequence[Quarantine], seal: Seal | None, at: datetime
) -> None:
    """Keep records that could not be understood; without a seal their coordinates and the rule broken, no bytes."""
    rows = [
        {
            **_place(where := Coordinates(one.topic, one.partition, one.offset)),
            "error": one.error,
            "key": seal.close(one.key or b"", f"{where} key") if seal else None,
            "value": seal.close(one.value, f"{where} value") if seal else None,
            "at": at,
        }
        for one in found
    ]
    db.cursor().executemany(_SQL["put_quarantine"], rows)


def seal_plain(dsn: str, seal: Seal) -> int:
    """Encrypt what an earlier version kept in plain text, as the tables' owner; return how many records that were."""
    done = 0
    with connect_as_owner(dsn) as db:
        while rows := db.execute(_SQL["plain"]).fetchall():
            for topic, partition, offset, raw in rows:
                where = Coordinates(topic, partition, offset)
                sealed = seal.close(bytes(raw), f"{where} value")
                db.execute(_SQL["seal_plain"], _place(where) | {"value": sealed})
            done += len(rows)
    return done


class QuarantineStore:
    """The operator's access to the quarantine, inside a transaction of the caller's."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    def all(self) -> list[QuarantinedRecord]:
        """Return every record in quarantine, by coordinates."""
        return self.listed(replayed=True, limit=None)

    def listed(self, *, replayed: bool, limit: int | None) -> list[QuarantinedRecord]:
        """Return records in quarantine, by coordinates, with those that were replayed or without; `limit` at most."""
        asked = {"only": None, "replayed": replayed, "limit": limit}
        return [_record(row) for row in self._db.execute(_SQL["list"], asked)]

    def count(self, *, replayed: bool) -> int:
        """Return how many records there are to list."""
        row = self._db.execute(_SQL["count"], {"replayed": replayed}).fetchone()
        return int(row[0]) if row else 0

    def find(self, where: Coordinates) -> QuarantinedRecord:
        """Lock a record's partition for this transaction and return it; raise UsageError when there is none."""
        self._db.execute(_SQL["lock"], {"partition": f"{where.topic}/{where.partition}"})
        rows = self._db.execute(
            _SQL["list"], {"only": str(where), "replayed": True, "limit": 1}
        ).fetchall()
        if not rows:
            raise UsageError(f"{where} is not in quarantine; see recordgate quarantine list")
        return _record(rows[0])

    def key(self, where: Coordinates, seal: Seal) -> bytes | None:
        """Return the record's key, empty if it had none; None when it was not kept."""
        row = self._db.execute(_SQL["sealed"], _place(where)).fetchone()
        return seal.open(_bytes(row[0]), f"{where} key") if row else None

    def value(self, where: Coordinates, seal: Seal) -> bytes | None:
        """Return the record's value; None when it had none or it was not kept."""
        row = self._db.execute(_SQL["sealed"], _place(where)).fetchone()
        return seal.open(_bytes(row[1]), f"{where} value") if row else None

    def repaired(self, where: Coordinates, seal: Seal) -> bytes | None:
        """Return the newest bytes put in the record's place."""
        row = self._db.execute(_SQL["repair"], _place(where)).fetchone()
        return seal.open(_bytes(row[0]), f"{where} repair") if row else None

    def put_repair(self, where: Coordinates, value: bytes, seal: Seal, at: datetime) -> None:
        """Put other bytes in the record's place."""
        sealed = seal.close(value, f"{where} repair")
        self._db.execute(_SQL["put_repair"], _place(where) | {"value": sealed, "at": at})

    def note(self, where: Coordinates, action: str, who: str, at: datetime) -> None:
        """Log what was done with the record."""
        values = _place(where) | {"action": action, "who": who, "at": at}
        self._db.execute(_SQL["put_action"], values)


def _place(where: Coordinates) -> dict[str, object]:
    return {"topic": where.topic, "partition": where.partition, "offset": where.offset}


def _record(row: Sequence[object]) -> QuarantinedRecord:
    topic, partition, offset, error, at, is_kept, actions, who, when = row
    done = zip(actions, who, when, strict=True)  # type: ignore[call-overload]
    where = Coordinates(topic, partition, offset)  # type: ignore[arg-type]
    return QuarantinedRecord(where, error, at, is_kept, tuple(done))  # type: ignore[arg-type]


def _bytes(value: object) -> bytes | None:
    return None if value is None else bytes(value)  # type: ignore[call-overload]
