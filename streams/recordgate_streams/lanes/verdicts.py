"""Decides entries inside a lane's transaction and leaves there all that follows: verdicts, timers, tasks."""

from collections.abc import Iterable, Mapping

from recordgate_schemas.values import NhsNumber
from recordgate_streams.lanes.aftermath import put_due, tell_tasks
from recordgate_streams.lanes.deciding import Cause, Deciding
from recordgate_streams.lanes.work import Work
from recordgate_streams.ledger.rows import Patient, Subject


def decide_within(
    work: Work,
    patients: Mapping[NhsNumber, Patient],
    causes: Mapping[NhsNumber, Cause],
    subjects: Iterable[Subject],
) -> None:
    """Decide these entries of locked patients, with every entry that follows from them, for every audience."""
    deciding = Deciding(
        work.store, work.relatives, work.rules.ruleset, work.at, dict(patients), causes
    )
    verdicts = deciding.decide(subjects)
    work.verdicts += verdicts
    tell_tasks(work, deciding, verdicts)
    put_due(deciding)
