"""Follows up in pages what one transaction could not do: the patient is closed until it is done.

A code that concerns the whole patient, or a cascade over thousands of relatives, asks for more entries to be decided
than a transaction may take in hand. So the patient's record is decided again in pages, by the controls lane.

SAFETY: until then nothing of the patient is readable. The closing is published in the transaction that leaves something
over, and only the marker that names it lifts it: the pages before that marker all came after the closing.
"""

from collections.abc import Iterable, Mapping

from recordgate_schemas.messages import Closed, Released
from recordgate_schemas.topics import RELEASED
from recordgate_schemas.values import NhsNumber
from recordgate_streams.lanes.decided import DecidedPatient
from recordgate_streams.ledger.rows import Redecision
from recordgate_streams.ledger.unit_of_work import UnitOfWork


def follow_up(
    work: UnitOfWork, decided: Iterable[DecidedPatient], asked: Mapping[NhsNumber, Redecision]
) -> set[NhsNumber]:
    """Close the patients of whom something is left over, ask for all their pages, and return them.

    `asked`: what is being done for them already; its marker has to wait for the pages, too.
    """
    unfinished = [one for one in decided if one.unfinished]
    for one in unfinished:
        number, through = one.patient.nhs_number, one.patient.control_position
        before = asked.get(number)
        work.redecisions.ask_again(
            Redecision(
                number,
                one.patient.partition,
                max(through, before.through if before else -1),
                None,
                (),
                one.cause.at,
                closing=before.closing if before else -1,
            )
        )
        _close(work, one)
    return {one.patient.nhs_number for one in unfinished}


def _close(work: UnitOfWork, one: DecidedPatient) -> None:
    number, at = one.patient.nhs_number, one.cause.at

    def closing(sequence: int) -> Released:
        work.closings[number] = sequence
        return Released(work.incarnation, sequence, number, -1, at, Closed())

    work.enqueue(RELEASED, one.patient.partition, one.patient.key, closing)
