"""What asks for patients to be decided again besides controls: a moment in time, and a ruleset to be applied."""

from collections.abc import Iterable, Sequence

from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.rows import Redecision
from recordgate_streams.ledger.unit_of_work import UnitOfWork

DUE_AT_ONCE = 500


def ask_due(work: UnitOfWork, partitions: Sequence[int]) -> bool:
    """Ask for the patients whose time has come; False when there are none."""
    due = work.records.claim_due(partitions, work.at, DUE_AT_ONCE)
    _ask_all_entries(work, due)
    return bool(due)


def ask_application(work: UnitOfWork, partitions: Sequence[int]) -> bool:
    """Ask for the next patients to whom the ruleset in force is still to be applied; False when there are none.

    Called once a second by every process of the lane. Each takes its partitions' part of the number of patients that
    the ruleset allows for a second.
    """
    waiting = work.applications.claim(work.rules.generation, partitions)
    if not waiting:
        return False
    a_second = work.rules.ruleset.activation.applied_per_second
    ours = max(1, a_second * len(waiting) // waiting[0].everywhere)
    each = max(1, ours // len(waiting))
    for application in waiting[:ours]:
        found = work.applications.next_patients(application, each)
        _ask_all_entries(
            work, [(number, application.partition, position) for number, position in found]
        )
        numbers = [number for number, _ in found]
        work.applications.advance(application, numbers, work.at, finished=len(found) < each)
    return True


def _ask_all_entries(work: UnitOfWork, patients: Iterable[tuple[NhsNumber, int, int]]) -> None:
    """Ask for patients, given with partition and control position, to be decided again, all their entries."""
    work.redecisions.ask(
        Redecision(number, partition, position, None, (), work.at)
        for number, partition, position in patients
    )
