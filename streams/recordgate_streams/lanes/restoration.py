"""Brings a new incarnation of the ledger to its readers, partition by partition: the controls lane does it.

In this order: a start message, from which on the readers drop everything older; once it is acknowledged, the ends of
`entries` and `controls`, and both lanes read on to them; every entry, hold and task is published again; an open
message, from which on the readers show the partition. Each step is written down in the ledger, so that it goes on after
a crash.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from recordgate_runtime.logs import LogCode, log
from recordgate_schemas.messages import IncarnationMessage, IncarnationState
from recordgate_schemas.topics import HELD, RELEASED
from recordgate_schemas.values import NhsNumber
from recordgate_streams.ledger.incarnations import PartitionPhase
from recordgate_streams.ledger.rows import Redecision
from recordgate_streams.ledger.unit_of_work import LaneLedger, UnitOfWork

PATIENTS_A_STEP = 200
STEPS_AT_ONCE = 10
"""Most steps between two looks at other work."""

Ends = Callable[[Sequence[int]], Mapping[int, tuple[int, int]]]
"""Returns where `entries` and `controls` end, by partition (topic_log.TopicLog.ends)."""


def begin(ledger: LaneLedger, partitions: Sequence[int], ends: Ends) -> None:
    """Write the start message where an incarnation begins, and remember how far to read.

    INVARIANT: the broker is asked for the ends only once it has acknowledged the start message, on leaving the first
    transaction: what an older process decides on, it publishes after that, where nobody looks at it.
    """
    with ledger.transaction() as work:
        begun = [p.partition for p in work.incarnations.not_open(partitions) if p.phase == "begun"]
        for partition in begun:
            _enqueue(work, partition, IncarnationState.STARTED)
    if begun:
        found = ends(begun)
        with ledger.transaction() as work:
            for partition in begun:
                work.incarnations.set_ends(partition, *found[partition])


def steps(
    ledger: LaneLedger, partitions: Sequence[int], undecided: Collection[NhsNumber]
) -> Iterator[None]:
    """Bring partitions that are not open nearer to it; at each step the caller decides again who was asked for."""
    for _ in range(STEPS_AT_ONCE):
        with ledger.transaction() as work:
            asked = _go_on(work, partitions, undecided)
        if not asked:
            return
        yield


def _go_on(work: UnitOfWork, partitions: Sequence[int], undecided: Collection[NhsNumber]) -> bool:
    """Take the next step in each partition that is not open; True when patients were asked to be decided again.

    `undecided`: patients who cannot be decided. The others do not wait for them: what was not published of them in this
    incarnation is unreadable.
    """
    asked = False
    for one in work.incarnations.not_open(partitions):
        if one.phase == "catching_up" and work.incarnations.is_caught_up(one.partition):
            work.incarnations.set_phase(one.partition, "publishing")
            asked = True
        elif one.phase == "publishing":
            asked = _publish_some(work, one) or asked
        elif one.phase == "published" and work.incarnations.is_published(one.partition, undecided):
            _enqueue(work, one.partition, IncarnationState.OPEN)
            work.incarnations.set_phase(one.partition, "open")
            log(LogCode.PARTITION_OPEN, lane=work.lane, partition=one.partition)
    return asked


def _publish_some(work: UnitOfWork, one: PartitionPhase) -> bool:
    """Ask for the next patients; the pages of a re-decision bound the work."""
    found = work.incarnations.patients_to_publish(one, PATIENTS_A_STEP)
    work.redecisions.ask(
        Redecision(number, partition, position, None, (), work.at, publish_all=True)
        for number, partition, position in found
    )
    if len(found) < PATIENTS_A_STEP:
        work.incarnations.set_phase(one.partition, "published")
    return True


def _enqueue(work: UnitOfWork, partition: int, state: IncarnationState) -> None:
    for topic in (RELEASED, HELD):
        work.enqueue(
            topic,
            partition,
            b"",
            lambda n: IncarnationMessage(work.incarnation, n, partition, state),
        )
