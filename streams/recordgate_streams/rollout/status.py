"""Where the rules stand: what is in force, how far it is applied, and what waits for approval."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from recordgate_streams.rollout.activation import SQL
from recordgate_streams.rollout.report import Report, report_from
from recordgate_streams.rollout.run import SQL as REHEARSALS


@dataclass(frozen=True, slots=True)
class Progress:
    """The application of the ruleset in force to one partition: patients done, and all there are."""

    partition: int
    finished: bool
    done: int
    patients: int


@dataclass(frozen=True, slots=True)
class Open:
    """A rehearsal against the ruleset in force, and who approved it; signatures are checked at activation."""

    rehearsal: str
    report: Report
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The ruleset in force, since when, who approved it (nobody: the first one), and what goes on.

    `progress` is empty while nothing had to be applied: the first ruleset of a ledger decided everything in it.
    """

    ruleset: str
    name: str
    generation: int
    since: datetime
    approvers: tuple[str, ...]
    progress: tuple[Progress, ...]
    open: tuple[Open, ...]


def read_status(db: psycopg.Connection) -> Status | None:
    """Return where the rules stand, as one snapshot of the ledger says; None when nothing was decided yet."""
    with db.transaction():
        db.execute("set transaction isolation level repeatable read, read only")
        row = db.execute(REHEARSALS["in_force"]).fetchone()
        if row is None:
            return None
        generation, digest, document, since = row
        activation = db.execute(SQL["last_activation"]).fetchone()
        return Status(
            ruleset=digest,
            name=f"{document['name']} {document['version']}",
            generation=generation,
            since=since,
            approvers=_names(activation[0]) if activation else (),
            progress=tuple(Progress(*one) for one in db.execute(SQL["progress"])),
            open=tuple(
                Open(name, report_from(report), tuple(approvers))
                for name, report, approvers in db.execute(SQL["open_rehearsals"])
            ),
        )


def patients_waiting(db: psycopg.Connection) -> int:
    """Return how many patients the ruleset in force is still to be applied to."""
    row = db.execute(SQL["patients_waiting"]).fetchone()
    return int(row[0]) if row else 0


def _names(approvers: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(one["approver"] for one in approvers)
