"""The ruleset in force: read by every lane transaction, handed over by an activation, applied patient by patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.errors import FatalError, UsageError
from recordgate_schemas.values import NhsNumber
from recordgate_streams import ruleset
from recordgate_streams.ledger.rows import number_of, stored
from recordgate_streams.ruleset import Ruleset

SQL = Statements("recordgate_streams.ledger", "rules.sql")


@dataclass(frozen=True, slots=True)
class ActiveRuleset:
    """The ruleset in force as stored: its generation, hash and document, and since when."""

    generation: int
    hash: str
    document: Mapping[str, Any]
    activated_at: datetime


@dataclass(frozen=True, slots=True)
class InForce:
    """A ruleset and its generation: the number of activations before it in this ledger."""

    ruleset: Ruleset
    generation: int


class RulesInForce:
    """Loads the ruleset in force, again only when it has changed. An empty ledger begins with the shipped one."""

    def __init__(self, shipped: Ruleset | None = None) -> None:
        self._shipped = shipped or ruleset.current()
        self._known: InForce | None = None

    def read(self, db: psycopg.Connection, at: datetime) -> InForce:
        """Return what is in force and keep it so until the transaction ends.

        Raises FatalError when the rules' code in force is not this program's, for decisions of two programs would mix,
        and when what is in force was not activated.
        """
        row = db.execute(SQL["active_ruleset"]).fetchone() or self._adopt(db, at)
        generation, digest, activated = row
        if not activated:
            raise FatalError(
                f"ruleset {digest[:12]} in force was never activated: somebody wrote it into the ledger;"
                " see docs/runbook/ruleset.md"
            )
        if self._known is None or self._known.generation != generation:
            self._known = InForce(self._load(db, digest), generation)
        return self._known

    def _adopt(self, db: psycopg.Connection, at: datetime) -> tuple[int, str, bool]:
        shipped = self._shipped
        values = {"hash": shipped.hash, "document": Jsonb(dict(shipped.data)), "at": at}
        db.execute(SQL["adopt_ruleset"], values)
        row = db.execute(SQL["active_ruleset"]).fetchone()
        if row is None:
            raise FatalError("the ledger keeps no ruleset; run recordgate migrate")
        return row[0], row[1], row[2]

    def _load(self, db: psycopg.Connection, digest: str) -> Ruleset:
        if digest == self._shipped.hash:
            return self._shipped
        active = RulesStore(db).active()
        document = active.document if active else {}
        if document.get("engine") != ruleset.engine_hash():
            raise FatalError(
                f"ruleset {digest[:12]} in force was made for other rule code than this program's;"
                " activate this program's ruleset or start the other program, see docs/runbook/ruleset.md"
            )
        try:
            return ruleset.from_document(document)
        except UsageError:
            raise FatalError(
                f"ruleset {digest[:12]} in force is not what was activated; see docs/runbook/ruleset.md"
            ) from None


@dataclass(frozen=True, slots=True)
class Application:
    """How far a ruleset is applied to one partition: the patients after this NHS number wait.

    `everywhere`: partitions of the whole ledger to which it still has to be applied.
    """

    generation: int
    partition: int
    after: int
    everywhere: int


class RulesStore:
    """The ruleset in force and how far it has been applied, over one connection."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    def active(self) -> ActiveRuleset | None:
        """Return the ruleset in force as stored, without holding it; None while the ledger has none."""
        return next(iter(rows_as(ActiveRuleset, self._db, SQL["in_force"])), None)

    def claim(self, generation: int, partitions: Sequence[int]) -> list[Application]:
        """Return and lock the partitions, among these, with patients that wait for the ruleset; those behind first."""
        wanted = {"generation": generation, "partitions": list(partitions)}
        return rows_as(Application, self._db, SQL["claim_application"], wanted)

    def next_patients(self, application: Application, limit: int) -> list[tuple[NhsNumber, int]]:
        """Return the next patients of the partition with their control positions."""
        wanted = {"partition": application.partition, "after": application.after, "limit": limit}
        rows = self._db.execute(SQL["next_patients"], wanted)
        return [(number_of(number), position) for number, position in rows]

    def advance(
        self,
        application: Application,
        patients: Sequence[NhsNumber],
        at: datetime,
        *,
        finished: bool,
    ) -> None:
        """Remember that these patients were asked to be decided again."""
        values = {
            "generation": application.generation,
            "partition": application.partition,
            "after": stored(patients[-1]) if patients else application.after,
            "n": len(patients),
            "finished": finished,
            "at": at,
        }
        self._db.execute(SQL["advance_application"], values)


def in_force_for_reading(db: psycopg.Connection) -> Ruleset:
    """Return the ruleset in force without holding it; the shipped one while the ledger has none."""
    active = RulesStore(db).active()
    return ruleset.from_document(active.document) if active else ruleset.current()
