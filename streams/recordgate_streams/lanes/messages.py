"""From stored decisions to messages: what the view, the review queue and the publisher have to be informed of."""

from collections.abc import Iterable, Sequence
from functools import partial

from recordgate_schemas.entry import ClinicalEntry
from recordgate_schemas.messages import (
    Held,
    HoldClosed,
    HoldOpened,
    Receipt,
    ReceiptClass,
    Redecided,
    Release,
    Released,
    Retract,
    TaskClosed,
    TaskOpened,
)
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.topics import HELD, RELEASED
from recordgate_schemas.values import SELF
from recordgate_streams.decider.record import DecisionUpdate
from recordgate_streams.decider.routing import held_for, route
from recordgate_streams.decider.tasks import Task
from recordgate_streams.lanes.decided import DecidedPatient
from recordgate_streams.ledger.outgoing import Reference
from recordgate_streams.ledger.rows import Redecision
from recordgate_streams.ledger.unit_of_work import UnitOfWork
from recordgate_streams.ruleset import ReasonTexts

OF_THE_GRANT = frozenset({Reason.PROXY_AGE})
"""Holds that one task about the grant covers: renewing it opens all entries at once."""

RECEIPT_CLASSES = {
    Outcome.RELEASED: ReceiptClass.RELEASED,
    Outcome.RELEASED_REDACTED: ReceiptClass.RELEASED,
    Outcome.HELD: ReceiptClass.HELD,
    Outcome.WITHHELD: ReceiptClass.WITHHELD,
    Outcome.NOT_ELIGIBLE: ReceiptClass.NOT_ELIGIBLE,
    Outcome.DEFERRED: ReceiptClass.DEFERRED,
}
"""What a publisher learns of each outcome."""


def enqueue_decided(
    work: UnitOfWork,
    decided: Sequence[DecidedPatient],
    redecided: Iterable[Redecision] = (),
) -> None:
    """Enqueue what follows from decisions, then the markers of the patients that are wholly decided again.

    INVARIANT: a patient's marker has a higher sequence number than every message that it confirms.
    """
    for one in decided:
        _enqueue_tasks(work, one)
        for update in one.published:
            _enqueue_view(work, one, update)
            _enqueue_queue(work, one, update)
    for asked in redecided:
        _enqueue_marker(work, asked)


def enqueue_receipt(
    work: UnitOfWork, partition: int, entry: ClinicalEntry, receipt: ReceiptClass
) -> None:
    """Enqueue what a publisher learns of an entry version."""
    outcome = Receipt(entry.entry_id, entry.version, receipt)
    work.receipt(partition, entry.practice, entry.system, outcome)


def release_or_retraction(update: DecisionUpdate) -> Release | Retract | None:
    """Return what the view has to be informed of, if anything; a release still without its body."""
    decision, entry = update.decision, update.accepted.entry
    if decision.released:
        return _release(update)
    if update.previous is not None and update.previous.released:
        return Retract(decision.audience, entry.entry_id)
    return None


def hold_change(
    update: DecisionUpdate, decided_under: int, texts: ReasonTexts
) -> HoldOpened | HoldClosed | None:
    """Return the hold opened or updated, still without its body, or closed, if any."""
    decision, entry = update.decision, update.accepted.entry
    reasons = held_for(decision)
    if decision.outcome is Outcome.HELD and not OF_THE_GRANT.issuperset(reasons):
        routed = route(reasons, texts)
        return HoldOpened(
            audience=decision.audience,
            entry_id=entry.entry_id,
            version=entry.version,
            practice=entry.practice,
            kind=entry.kind,
            event_date=entry.event_date,
            reasons=tuple(reason.value for reason in reasons),
            queue=routed.queue,
            hide_first=routed.hide_first,
            bulk_release=routed.bulk_release,
            decided_under=decided_under,
            ruleset=decision.ruleset,
            body=b"",
            body_type=entry.body_type,
            body_sha256=entry.body_sha256,
        )
    if update.previous is not None and update.previous.outcome is Outcome.HELD:
        return HoldClosed(decision.audience, entry.entry_id, decision.outcome.value)
    return None


def reference_to(
    update: DecisionUpdate, change: Release | Retract | HoldOpened | HoldClosed
) -> Reference | None:
    """Return what stands for the body of a message that shows one.

    INVARIANT: after such a message, every decision about the entry and audience with another digest gives a number on
    the same topic. So a digest that is not in force any more means that a newer number was given.
    """
    accepted, decision = update.accepted, update.decision
    match change:
        case Release():
            return Reference(
                change, update.digest, decision.drop, decision.pointers, accepted.entry
            )
        case HoldOpened():
            return Reference(change, update.digest, entry=accepted.entry)
        case _:
            return None


def _release(update: DecisionUpdate) -> Release:
    decision, entry = update.decision, update.accepted.entry
    return Release(
        audience=decision.audience,
        entry_id=entry.entry_id,
        version=entry.version,
        kind=entry.kind,
        event_date=entry.event_date,
        recorded_at=entry.recorded_at,
        redacted=decision.outcome is Outcome.RELEASED_REDACTED,
        valid_until=update.valid_until,
        body=b"",
        body_type=entry.body_type,
        body_sha256=entry.body_sha256,
    )


def _enqueue_view(work: UnitOfWork, one: DecidedPatient, update: DecisionUpdate) -> None:
    change = release_or_retraction(update)
    if change is not None:
        number, partition = one.patient.nhs_number, update.accepted.source.partition
        fields = (number, one.vouches_for, one.cause.at, change)
        reference = reference_to(update, change)
        work.enqueue(
            RELEASED,
            partition,
            one.patient.key,
            lambda n: Released(work.incarnation, n, *fields),
            reference,
        )


def _enqueue_queue(work: UnitOfWork, one: DecidedPatient, update: DecisionUpdate) -> None:
    """Enqueue the hold for the review queue and, for the patient's own audience, the publisher's receipt."""
    partition, number = update.accepted.source.partition, one.patient.nhs_number
    hold = hold_change(update, one.patient.control_position, work.rules.ruleset.reasons)
    if hold is not None:
        held = partial(Held, work.incarnation, nhs_number=number, at=work.at, change=hold)
        work.enqueue(HELD, partition, one.patient.key, held, reference_to(update, hold))
    if update.decision.audience == SELF:
        receipt = RECEIPT_CLASSES[update.decision.outcome]
        enqueue_receipt(work, partition, update.accepted.entry, receipt)


def _enqueue_tasks(work: UnitOfWork, one: DecidedPatient) -> None:
    number = one.patient.nhs_number
    kinds = {task: work.rules.ruleset.reasons[task.reason].task for task in one.opened}
    changes: list[TaskOpened | TaskClosed] = [
        TaskOpened(task.reason, task.audience, task.entry_id, one.opened[task], kind)
        for task in sorted(one.opened, key=_order)
        if (kind := kinds[task]) is not None
    ]
    changes += [
        TaskClosed(t.reason, t.audience, t.entry_id) for t in sorted(one.closed, key=_order)
    ]
    for change in changes:
        held = partial(Held, work.incarnation, nhs_number=number, at=work.at, change=change)
        work.enqueue(HELD, one.patient.partition, one.patient.key, held)


def _enqueue_marker(work: UnitOfWork, asked: Redecision) -> None:
    through, at, number = asked.through, asked.published_at, asked.nhs_number
    key = number.digits.encode()
    fields = (number, through, at, Redecided(through, asked.closing))
    work.enqueue(RELEASED, asked.partition, key, lambda n: Released(work.incarnation, n, *fields))


def _order(task: Task) -> tuple[str, str, str]:
    return task.reason, task.audience, task.entry_id or ""
