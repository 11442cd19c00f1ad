"""Approvals and activations as the ledger keeps them, and how far the ruleset in force is applied."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements, rows_as
from recordgate_schemas.errors import RetryableError
from recordgate_streams.ledger.rules import ActiveRuleset

SQL = Statements("recordgate_streams.ledger", "activations.sql")


@dataclass(frozen=True, slots=True)
class LastActivation:
    """The document that the last activation replaced, and the names of those who approved it."""

    former: Mapping[str, Any]
    approvers: list[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """The application of the ruleset in force to one partition: patients done, and all there are."""

    partition: int
    finished: bool
    done: int
    patients: int


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """What an activation rests on: the signatures with their signers, verified by this set of approvers."""

    rehearsal_id: str
    approver_change: int
    approvers: Sequence[str]
    jws: Sequence[str]


@dataclass(frozen=True, slots=True)
class ActivationRecord:
    """An activation as stored, not verified, with the rehearsal it rests on."""

    generation: int
    rehearsal_id: str
    from_hash: str
    to_hash: str
    former: Mapping[str, Any]
    approvals: list[str] | None
    approver_change: int | None
    document: Mapping[str, Any]
    report: Mapping[str, Any]


class ActivationStore:
    """Approvals, activations and their progress, over one connection."""

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything or nothing; raise RetryableError when a lane holds the ruleset in force for too long."""
        try:
            with self._db.transaction():
                yield
        except psycopg.errors.LockNotAvailable:
            raise RetryableError(
                "rules: a lane's transaction did not end in time; nothing was changed, try again"
            ) from None

    def lock_rules(self) -> None:
        """Wait for every lane transaction that reads the ruleset in force, and make later ones wait."""
        self._db.execute(SQL["lock_rules"])

    def put_approval(self, rehearsal_id: str, approver: str, jws: str, at: datetime) -> None:
        """Keep an approval."""
        values = {"rehearsal_id": rehearsal_id, "approver": approver, "jws": jws, "at": at}
        self._db.execute(SQL["put_approval"], values)

    def approvals(self, rehearsal_id: str) -> list[str]:
        """Return the JWS of the newest approval of each approver of a rehearsal, not verified."""
        with self._db.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(SQL["read_approvals"], {"rehearsal_id": rehearsal_id}).fetchall()

    def activate(
        self,
        former: ActiveRuleset,
        document: Mapping[str, Any],
        approved: ApprovalRecord,
        at: datetime,
    ) -> None:
        """Put the document in force; every partition's patients are then to be decided again."""
        signers = [{"approver": name} for name in approved.approvers]
        values = {
            "generation": former.generation + 1,
            "rehearsal_id": approved.rehearsal_id,
            "from_hash": former.hash,
            "to_hash": document["hash"],
            "document": Jsonb(dict(document)),
            "former": Jsonb(dict(former.document)),
            "approvers": Jsonb(signers),
            "approvals": list(approved.jws),
            "approver_change": approved.approver_change,
            "at": at,
        }
        for statement in ("put_activation", "replace_ruleset", "begin_application"):
            self._db.execute(SQL[statement], values)

    def last(self) -> LastActivation | None:
        """Return the last activation; None when the ledger's first ruleset is in force."""
        return next(iter(rows_as(LastActivation, self._db, SQL["last_activation"])), None)

    def generations(self) -> list[int]:
        """Return the generations that were activated, in order."""
        with self._db.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(SQL["generations"]).fetchall()

    def record(self, generation: int) -> ActivationRecord:
        """Return one activation."""
        wanted = {"generation": generation}
        [found] = rows_as(ActivationRecord, self._db, SQL["activation"], wanted)
        return found

    def progress(self) -> list[Progress]:
        """Return how far the ruleset in force is applied, by partition."""
        return rows_as(Progress, self._db, SQL["progress"])

    def patients_waiting(self) -> int:
        """Return how many patients the ruleset in force is still to be applied to."""
        with self._db.cursor(row_factory=scalar_row) as cursor:
            [patients] = cursor.execute(SQL["patients_waiting"]).fetchall()
        return int(patients)
