"""The ruleset in force: read by every lane transaction, handed over by an activation, applied patient by patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements
from recordgate_schemas.errors import FatalError, UsageError
from recordgate_schemas.values import NhsNumber
from recordgate_streams import ruleset
from recordgate_streams.ruleset import Ruleset

SQL = Statements("recordgate_streams.ledger", "rules.sql")


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

        Raises FatalError when the rules' code in force is not this program's: decisions of two programs would mix.
        """
        row = db.execute(SQL["active_ruleset"]).fetchone() or self._adopt(db, at)
        generation, digest = row
        if self._known is None or self._known.generation != generation:
            self._known = InForce(self._load(db, digest), generation)
        return self._known

    def _adopt(self, db: psycopg.Connection, at: datetime) -> tuple[int, str]:
        shipped = self._shipped
        values = {"hash": shipped.hash, "document": Jsonb(dict(shipped.data)), "at": at}
        db.execute(SQL["adopt_ruleset"], values)
        row = db.execute(SQL["active_ruleset"]).fetchone()
        if row is None:
            raise FatalError("the ledger keeps no ruleset; run recordgate migrate")
        return row[0], row[1]

    def _load(self, db: psycopg.Connection, digest: str) -> Ruleset:
        if digest == self._shipped.hash:
            return self._shipped
        row = db.execute(SQL["active_document"]).fetchone()
        document = row[0] if row else {}
        if document.get("engine") != ruleset.engine_hash():
            raise FatalError(
                f"ruleset {digest} in force was made for other rule code than this program's;"
                " activate this program's ruleset or start the other program, see docs/runbook/ruleset.md"
            )
        try:
            return ruleset.from_document(document)
        except UsageError:
            raise FatalError(
                f"ruleset {digest} in force is not what was activated; see docs/runbook/ruleset.md"
            ) from None


@dataclass(frozen=True, slots=True)
class Application:
    """Where the application of a ruleset to one partition stands: `after` this NHS number the patients wait.

    `everywhere`: partitions of the whole ledger to which it still has to be applied.
    """

    generation: int
    partition: int
    after: str
    everywhere: int


class RulesStore:
    """How far a ruleset has been applied, over one connection."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    def claim(self, generation: int, partitions: Sequence[int]) -> list[Application]:
        """Return and lock the partitions, among these, with patients that wait for the ruleset; those behind first."""
        wanted = {"generation": generation, "partitions": list(partitions)}
        rows = self._db.execute(SQL["claim_application"], wanted)
        return [Application(*row) for row in rows]

    def next_patients(self, where: Application, limit: int) -> list[tuple[NhsNumber, int]]:
        """Return the next patients of the partition with their control positions."""
        wanted = {"partition": where.partition, "after": where.after, "limit": limit}
        rows = self._db.execute(SQL["next_patients"], wanted)
        return [(NhsNumber(number), position) for number, position in rows]

    def turn(
        self, where: Application, patients: Sequence[NhsNumber], at: datetime, *, finished: bool
    ) -> None:
        """Remember that these patients were asked to be decided again."""
        after = patients[-1].digits if patients else where.after
        self._db.execute(
            SQL["turn_application"],
            {
                "generation": where.generation,
                "partition": where.partition,
                "after": after,
                "n": len(patients),
                "finished": finished,
                "at": at,
            },
        )


def in_force_for_reading(db: psycopg.Connection) -> Ruleset:
    """Return the ruleset in force without holding it; the shipped one while the ledger has none."""
    row = db.execute(SQL["active_document"]).fetchone()
    return ruleset.from_document(row[0]) if row else ruleset.current()
