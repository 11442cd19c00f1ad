"""Brings a rehearsed and approved ruleset into force, or says why not. The only writer of the ruleset in force."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from recordgate_runtime.sql import Statements
from recordgate_schemas.errors import FatalError, RetryableError, UsageError
from recordgate_streams.rollout import checks
from recordgate_streams.rollout.checks import Refused, Rehearsed
from recordgate_streams.rollout.report import rehearsal_id, report_from
from recordgate_streams.rollout.run import SQL as REHEARSALS
from recordgate_streams.ruleset.signing import Approval, Approvers, Subject

SQL = Statements("recordgate_streams.ledger", "activation.sql")


@dataclass(frozen=True, slots=True)
class Activated:
    """What came into force: its generation and hash, and the hash it replaced."""

    generation: int
    former: str
    ruleset: str


def read_rehearsal(db: psycopg.Connection, name: str) -> Rehearsed:
    """Return a stored rehearsal; raise UsageError when there is none, Refused when it was changed since."""
    row = db.execute(REHEARSALS["read_rehearsal"], {"rehearsal_id": name}).fetchone()
    if row is None:
        raise UsageError("rehearsal: not known; see `recordgate rules status` for the open ones")
    document, data = row
    if rehearsal_id(document, data) != name:
        raise Refused(f"rehearsal {name}: was changed after it was made; rehearse again")
    return Rehearsed(name, document, report_from(data))


def put_approval(db: psycopg.Connection, approval: Approval, at: datetime) -> None:
    """Keep an approval; raise UsageError when it does not fit its rehearsal. Activation checks the signature."""
    rehearsed = read_rehearsal(db, approval.subject.rehearsal)
    checks.check_acceptable(rehearsed, approval)
    signed = {"approver": approval.approver, "signature": approval.signature, "at": at}
    db.execute(SQL["put_approval"], asdict(approval.subject) | signed)


def read_approvals(db: psycopg.Connection, name: str) -> list[Approval]:
    """Return the newest approval of each approver of a rehearsal, not verified."""
    rows = db.execute(SQL["read_approvals"], {"rehearsal_id": name})
    return [Approval(Subject(*said), approver, signature) for *said, approver, signature in rows]


def activate(db: psycopg.Connection, name: str, approvers: Approvers, now: datetime) -> Activated:
    """Bring the rehearsed ruleset into force; from the commit on no lane decides by another one.

    Raises Refused when it must not be, RetryableError when a lane does not come to the end of its transaction.
    """
    with _waiting_for_lanes(), db.transaction():
        rehearsed = read_rehearsal(db, name)
        ruleset = checks.check_engine(rehearsed)
        approvals = read_approvals(db, name)
        checks.check_approvals(rehearsed, approvals, approvers)
        db.execute(SQL["lock_rules"])
        generation, digest, former = _in_force(db)
        checks.check_still_true(rehearsed.report, generation, now)
        checks.check_limits(rehearsed, approvals, (former, ruleset.data))
        values = {
            "generation": generation + 1,
            "rehearsal_id": name,
            "from_hash": digest,
            "to_hash": ruleset.hash,
            "document": Jsonb(dict(ruleset.data)),
            "former": Jsonb(former),
            "approvers": Jsonb(_signatures(approvals, approvers)),
            "at": now,
        }
        for statement in ("put_activation", "replace_ruleset", "begin_application"):
            db.execute(SQL[statement], values)
    return Activated(generation + 1, digest, ruleset.hash)


@contextmanager
def _waiting_for_lanes() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise RetryableError(
            "rules: a lane's transaction did not end in time; nothing was changed, try again"
        ) from None


def _in_force(db: psycopg.Connection) -> tuple[int, str, Any]:
    row = db.execute(REHEARSALS["in_force"]).fetchone()
    if row is None:
        raise FatalError("the ledger keeps no ruleset; start the decider first")
    return row[0], row[1], row[2]


def _signatures(approvals: Iterable[Approval], approvers: Approvers) -> list[dict[str, Any]]:
    """Return who approved, with the keys they were known by: enough to check it all again in years."""
    return [
        asdict(approval)
        | {"key": base64.b64encode(approvers[approval.approver].public_bytes_raw()).decode()}
        for approval in approvals
    ]
