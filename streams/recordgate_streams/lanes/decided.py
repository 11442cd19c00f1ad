"""Why a patient was decided in a transaction, and what came of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from recordgate_schemas.values import EntryId, OdsCode
from recordgate_streams.decider.record import DecisionUpdate
from recordgate_streams.decider.tasks import Task
from recordgate_streams.ledger.rows import Patient


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a patient is decided: the broker's time of it, and entries to publish again even if unchanged; or all.

    All are after a restore: then tasks are, too, and nothing is stored anew that is unchanged.
    """

    at: datetime
    forced: Collection[EntryId] = ()
    publish_all: bool = False


@dataclass(frozen=True, slots=True)
class DecidedPatient:
    """A patient's decisions as they were stored: those that changed, tasks opened for a practice, and tasks closed.

    `published`: the decisions to publish, those that changed or all.
    `vouches_for`: the control position up to which a release may be believed, -1 for none. `unfinished`: more entries
    must be decided than one transaction may take in hand.
    """

    patient: Patient
    cause: Cause
    vouches_for: int
    changed: tuple[DecisionUpdate, ...]
    published: tuple[DecisionUpdate, ...]
    opened: Mapping[Task, OdsCode]
    closed: frozenset[Task]
    unfinished: bool
