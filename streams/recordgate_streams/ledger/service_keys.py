"""The keys of services as the ledger keeps them: added and retired, never changed, never deleted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.values import OdsCode

_SQL = Statements("recordgate_streams.ledger", "service_keys.sql")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A service's public key, the practices it speaks for (None: all), and while when it is valid."""

    service_key_id: int
    key_id: str
    name: str
    public_key: str
    practices: list[str] | None
    valid_from: datetime
    valid_until: datetime | None
    retired_at: datetime | None

    def is_valid_at(self, at: datetime) -> bool:
        """Return whether the key counts for what Kafka received at an instant."""
        ends = [end for end in (self.valid_until, self.retired_at) if end is not None]
        return self.valid_from <= at and all(at < end for end in ends)

    def speaks_for(self, practice: OdsCode | None) -> bool:
        """Return whether the key speaks for a practice; None asks for all of them."""
        return self.practices is None or practice in self.practices


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to add."""

    key_id: str
    name: str
    public_key: str
    practices: Sequence[OdsCode] | None
    valid_from: datetime
    valid_until: datetime | None = None


class ServiceKeyStore:
    """The keys of services, inside a transaction of the caller's."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    def named(self, key_ids: Collection[str]) -> list[KnownKey]:
        """Return what is known of these keys."""
        return self._read(sorted(key_ids)) if key_ids else []

    def all(self) -> list[KnownKey]:
        """Return every key there has been."""
        return self._read(None)

    def lock(self) -> None:
        """Let no other command change keys until the transaction ends."""
        self._db.execute(_SQL["lock_service_keys"])

    def add(self, key: NewKey, who: str, at: datetime) -> None:
        """Add a key."""
        values = {
            "key_id": key.key_id,
            "name": key.name,
            "public_key": key.public_key,
            "practices": None if key.practices is None else list(key.practices),
            "valid_from": key.valid_from,
            "valid_until": key.valid_until,
        }
        self._db.execute(_SQL["put_service_key"], values | {"who": who, "at": at})

    def retire(self, service_key_id: int, who: str, at: datetime) -> None:
        """Retire a key from an instant on."""
        values = {"service_key_id": service_key_id, "who": who, "at": at}
        self._db.execute(_SQL["put_retirement"], values)

    def _read(self, key_ids: list[str] | None) -> list[KnownKey]:
        return rows_as(KnownKey, self._db, _SQL["read_service_keys"], {"key_ids": key_ids})
