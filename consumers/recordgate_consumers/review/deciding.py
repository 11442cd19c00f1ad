"""Decides items: a lease, what was seen and a decision become a move of the workflow and, for an entry, an outcome.

It decides nothing about the view: to the decider an outcome is one more fact, and it refuses it if another has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recordgate_consumers.review import rules
from recordgate_consumers.review.desk import Conflict, Desk
from recordgate_consumers.review.items import Item, Seen
from recordgate_consumers.review.leases import Lease, claim, free
from recordgate_consumers.review.outcome import outcome_control
from recordgate_consumers.review.rules import Decision, Refused
from recordgate_consumers.review.workflow import OUTCOMES, Action, Move, State, What, When, move
from recordgate_runtime.service_keys import ServiceKey
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.messages import Queue
from recordgate_schemas.topics import CONTROLS

_SQL = Statements("recordgate_consumers.review", "desk.sql")


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to: the item's state, and until when an outcome can be undone (None: there is none)."""

    state: State
    undo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Locked:
    """What is known of an item, and stays so, while it is locked."""

    item: Item
    number: int
    opinion: str | None


def decide(desk: Desk, lease: Lease, seen: Seen, decision: Decision, key: ServiceKey) -> Decided:
    """Decide an item that the reviewer has leased, in one transaction with the outcome that follows.

    Raise Conflict when the lease is over or the item is not what was seen, Refused when a rule forbids it.
    """
    with desk.transaction() as now:
        locked = _lock(desk, lease, now)
        if changes := seen.changes(locked.item):
            raise Conflict(*changes)
        rules.check(locked.item, decision, desk.reviewer.role, now)
        when = rules.when(locked.item, decision, desk.reviewer.name, locked.opinion)
        made = _move(locked.item, decision.action, when)
        _apply(desk, locked, made, decision, now)
        if made.to is not State.DECIDED or decision.action not in OUTCOMES:
            return Decided(made.to)
        return Decided(made.to, _send(desk, locked, decision, now, key))


def decide_many(
    desk: Desk, seen: Sequence[Seen], decision: Decision, key: ServiceKey
) -> dict[UUID, str]:
    """Decide several items the same way, each in a transaction of its own; return why some were not, by id.

    Raise Refused when a rule forbids to decide these together; then none is decided.
    """
    with desk.transaction():
        ids = [one.item_id for one in seen]
        rules.check_many([desk.found(one) for one in ids], decision)
        asked = {"ids": ids, "reviewer": desk.reviewer.name}
        read = desk.connection.execute(_SQL["has_read_one"], asked).fetchone()
    if decision.action is Action.RELEASE and not (read and read[0]):
        raise Refused("items: open one of them before you release them together")
    failed: dict[UUID, str] = {}
    for one in seen:
        try:
            decide_now(desk, one, decision, key)
        except (Conflict, Refused) as error:
            failed[one.item_id] = str(error)
    return failed


def decide_now(desk: Desk, seen: Seen, decision: Decision, key: ServiceKey) -> Decided:
    """Claim an item and decide it; give it back when that is refused. Raise what `claim` and `decide` raise."""
    lease = claim(desk, seen.item_id)
    try:
        return decide(desk, lease, seen, decision, key)
    except (Conflict, Refused):
        free(desk, lease)
        raise


def undo(desk: Desk, item_id: UUID) -> None:
    """Take back one's own decision before its outcome is taken to be sent; raise Conflict when it is too late."""
    with desk.transaction() as now:
        desk.connection.execute(_SQL["lock"], {"id": item_id})
        item = desk.found(item_id)
        made = _move(item, Action.UNDO, When.IN_TIME)
        if item.decided_by != desk.reviewer.name:
            raise Refused(f"reviewer: {item.decided_by} decided it, and may undo it")
        asked = {
            "id": item_id,
            "incarnation": item.incarnation,
            "sequence": item.sequence,
            "now": now,
        }
        if desk.connection.execute(_SQL["cancel_outcome"], asked).rowcount != 1:
            raise Conflict("the outcome is on its way; decide again when it comes back")
        _apply(desk, _Locked(item, 0, None), made, Decision(Action.UNDO), now)


def _lock(desk: Desk, lease: Lease, now: datetime) -> _Locked:
    """Lock the item; raise Conflict unless the lease is in force."""
    row = desk.connection.execute(_SQL["lock"], {"id": lease.item_id}).fetchone()
    # INVARIANT: read after the lock, so that nothing of it changes until the transaction ends
    item = desk.found(lease.item_id)
    holder, number, until, opinion = row or (None, 0, None, None)
    if item.state == State.CLOSED:
        raise Conflict(f"it was closed: {item.closed_because}")
    if item.state == State.DECIDED:
        raise Conflict(f"{item.decided_by} has decided it")
    if number != lease.number or holder != desk.reviewer.name:
        raise Conflict(f"{holder} has it" if holder else "your lease has ended")
    if until is None or until <= now:
        raise Conflict("your lease has ended")
    return _Locked(item, number, opinion)


def _move(item: Item, action: Action, when: When) -> Move:
    made = move(What(item.what), State(item.state), action, when)
    if made is None:
        raise Refused(f"action: {action} is not possible for a {item.what} that is {item.state}")
    return made


def _apply(desk: Desk, locked: _Locked, made: Move, decision: Decision, now: datetime) -> None:
    """Move the item and record it."""
    item, me = locked.item, desk.reviewer.name
    passes_on = decision.action is Action.NOT_MINE
    sent_to = _sent_to(made, decision)
    opines = decision.outcome is not None
    opinion = locked.opinion if item.opinion_by else decision.opinion
    undone = decision.action is Action.UNDO
    values = {
        "id": item.id,
        "now": now,
        "state": made.to,
        "sent_to": sent_to,
        "assigned_to": decision.to_reviewer if passes_on else None if sent_to else item.assigned_to,
        "passed_by": sorted({*item.passed_by, me}) if passes_on else item.passed_by,
        "wait_until": decision.until if made.to is State.WAITING else None,
        "opinion": None if undone else opinion if opines else locked.opinion,
        "opinion_by": [] if undone else [*item.opinion_by, *([me] if opines else [])],
        "decided_by": me if made.to is State.DECIDED else None,
    }
    desk.connection.execute(_SQL["move"], values)
    because = decision.ground if opines else None
    details = {"because": because, "sent_to": sent_to, "until": decision.until}
    desk.record(item.id, decision.action, now, details)


def _sent_to(made: Move, decision: Decision) -> Queue | None:
    if decision.action is Action.ASK_CLINICIAN or made.to is State.DISAGREEMENT:
        return Queue.CLINICIAN
    return decision.to_queue if decision.action is Action.NOT_MINE else None


def _send(
    desk: Desk, locked: _Locked, decision: Decision, now: datetime, key: ServiceKey
) -> datetime:
    """Put the signed outcome into the outbox; return when it may be sent. A withholding is sent at once."""
    item = locked.item
    opens = decision.action is not Action.WITHHOLD
    send_after = now + desk.times.undo if opens else now
    control = key.sign(outcome_control(item, locked.number, decision, desk.reviewer.role, now))
    row = {
        "control_id": control.control_id,
        "control": codec.encode(CONTROLS, control),
        "now": now,
        "id": item.id,
        "practice": item.practice,
        "incarnation": item.incarnation,
        "sequence": item.sequence,
        "opens": opens,
        "send_after": send_after,
    }
    desk.connection.execute(_SQL["put_outcome"], row)
    return send_after
