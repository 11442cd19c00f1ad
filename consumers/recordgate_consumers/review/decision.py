"""A reviewer's decision about a hold: who may take it, what it is bound to, and its way into the outbox.

It decides nothing about the view: the decider treats it as one more fact, and refuses it if any other fact has changed.
"""

import calendar
import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import psycopg

from recordgate_consumers.review.queue import Hold
from recordgate_runtime.service_keys import ServiceKey
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.control import (
    OPINION_MONTHS,
    Control,
    ReviewAction,
    Reviewed,
    ReviewGround,
)
from recordgate_schemas.errors import UsageError
from recordgate_schemas.messages import Queue
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import Audience, EntryId, NhsNumber, OdsCode

_SQL = Statements("recordgate_consumers.review", "queue.sql")
SOURCE = "recordgate-review"


class Role(StrEnum):
    """Who reviews."""

    GP = "gp"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    CLINICIAN = "clinician"
    ADMIN = "admin"


CLINICIANS = (Role.GP, Role.NURSE, Role.PHARMACIST, Role.CLINICIAN)
"""Who may release what waits for a clinician, and whose own judgement is a clinician's opinion.

The decider does not rely on this list: it asks its ruleset's `clinician_roles` again.
"""


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    """What a reviewer decides about a hold. `opinion_on`: the day a clinician gave an opinion on serious harm."""

    action: ReviewAction
    ground: ReviewGround
    role: Role
    opinion_on: date | None = None


def check_decision(decision: ReviewDecision, today: date) -> None:
    """Raise UsageError when a decision may not be taken, whatever the hold.

    Serious harm is a health professional's judgement (Data Protection Act 2018, Schedule 3, Part 2): a clinician's own,
    or recorded with the date of a clinician's opinion from the last six months (golden row 94).
    """
    withhold = decision.action is ReviewAction.WITHHOLD
    if decision.opinion_on is not None and decision.opinion_on > today:
        raise UsageError("--opinion-on: lies in the future")
    if withhold and decision.ground is ReviewGround.CHECKED:
        raise UsageError("--ground: withholding needs one: serious_harm, third_party, court, other")
    if not withhold or decision.ground is not ReviewGround.SERIOUS_HARM:
        return
    if decision.opinion_on is None and decision.role not in CLINICIANS:
        raise UsageError(
            "serious_harm: only a clinician may say so; give a clinician's --role, or the date of a"
            " clinician's opinion with --opinion-on"
        )
    if decision.opinion_on is not None and _expires(decision.opinion_on) <= today:
        raise UsageError("--opinion-on: six months old or more; ask the clinician again")


def _expires(opinion_on: date) -> date:
    """The same day of the month, or that month's last, as the decider counts it."""
    year, month = divmod(opinion_on.year * 12 + opinion_on.month - 1 + OPINION_MONTHS, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(opinion_on.day, last))


def check_role(hold: Hold, decision: ReviewDecision) -> None:
    """Raise UsageError when a hold that waits for a clinician would be released by somebody else."""
    for_clinician = hold.queue == Queue.CLINICIAN and decision.action is ReviewAction.RELEASE
    if for_clinician and decision.role not in CLINICIANS:
        raise UsageError(
            "--role: this hold waits for a clinician; one of them may release it:"
            f" {', '.join(CLINICIANS)}"
        )


def record_decision(
    connection: psycopg.Connection,
    hold: Hold,
    decision: ReviewDecision,
    now: datetime,
    key: ServiceKey,
) -> str:
    """Mark the hold decided and put the signed outcome into the outbox, in one transaction; return the control's id.

    Raise UsageError when the decision may not be taken, or `hold` is no longer the state that the reviewer saw.
    """
    check_decision(decision, now.date())
    check_role(hold, decision)
    control = key.sign(decision_control(hold, decision, now))
    place = {n: getattr(hold, n) for n in ("nhs_number", "audience", "entry_id", "sequence")}
    with connection.transaction():
        if connection.execute(_SQL["mark_decided"], {**place, "now": now}).rowcount != 1:
            raise UsageError("ENTRY_ID: the hold has changed since it was read; look at it again")
        encoded = codec.encode(CONTROLS, control)
        row = {"control_id": control.control_id, "control": encoded, "now": now}
        connection.execute(_SQL["put_outcome"], row)
    return control.control_id


def decision_control(hold: Hold, decision: ReviewDecision, now: datetime) -> Control:
    """Return the control that carries the decision, bound to all the reviewer saw."""
    harm_seen_by_clinician = (
        decision.ground is ReviewGround.SERIOUS_HARM and decision.role in CLINICIANS
    )
    return Control(
        control_id=_control_id(hold),
        nhs_number=NhsNumber.parse(hold.nhs_number),
        effective_at=now,
        source=SOURCE,
        change=Reviewed(
            entry_id=EntryId(hold.entry_id),
            practice=OdsCode(hold.practice),
            audience=Audience(hold.audience),
            action=decision.action,
            ground=decision.ground,
            reasons=tuple(hold.reasons),
            entry_version=hold.version,
            body_sha256=hold.body_sha256,
            control_position=hold.decided_under,
            ruleset=hold.ruleset,
            reviewer_role=decision.role.value,
            # a clinician who sees serious harm gives the opinion with the decision
            clinician_opinion_on=decision.opinion_on
            or (now.date() if harm_seen_by_clinician else None),
        ),
    )


def _control_id(hold: Hold) -> str:
    """The same for the same hold in the same state, so that one state has one outcome. Names no patient."""
    parts = (hold.entry_id, hold.audience, str(hold.version), hold.body_sha256.hex())
    text = "\n".join((*parts, str(hold.decided_under), str(hold.sequence)))
    return "review-" + hashlib.sha256(text.encode()).hexdigest()[:32]
