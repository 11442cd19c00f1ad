"""What the controls lane does without being told: patients whose time has come, and a new ruleset's application.

Both ask for patients to be decided again, in the transaction that takes them off the agenda; so nobody is forgotten
when a process dies, and nobody done twice.
"""

from collections.abc import Sequence

from recordgate_schemas.values import NhsNumber
from recordgate_streams.lanes.work import Work
from recordgate_streams.ledger.rows import Redecision
from recordgate_streams.ledger.rules import RulesStore

DUE_AT_ONCE = 500


def ask_due(work: Work, partitions: Sequence[int]) -> bool:
    """Ask for the patients for whom the time has come; False when there are none."""
    due = work.store.claim_due(partitions, work.at, DUE_AT_ONCE)
    work.store.ask_redecisions([_whole(work, *one) for one in due])
    return bool(due)


def ask_application(work: Work, partitions: Sequence[int]) -> bool:
    """Ask for the next patients to whom the ruleset in force is still to be applied; False when there are none.

    Called once a second by every process of the lane. Each takes its partitions' part of the patients that the ruleset
    allows for a second.
    """
    rules = RulesStore(work.store.connection)
    waiting = rules.claim(work.rules.generation, partitions)
    if not waiting:
        return False
    second = work.rules.ruleset.activation.applied_per_second
    mine = max(1, second * len(waiting) // waiting[0].everywhere)
    share = max(1, mine // len(waiting))
    for where in waiting[:mine]:
        found = rules.next_patients(where, share)
        work.store.ask_redecisions(
            [_whole(work, number, where.partition, position) for number, position in found]
        )
        numbers = [number for number, _ in found]
        rules.advance(where, numbers, work.at, finished=len(found) < share)
    return True


def _whole(work: Work, number: NhsNumber, partition: int, position: int) -> Redecision:
    return Redecision(number, partition, position, None, (), work.at)
