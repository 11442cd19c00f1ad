"""A reviewer's outcome: checked, bound to what was seen, and put into the outbox with the hold marked decided.

It decides nothing about the view: the decider takes it as one more fact, and refuses it if any other fact has moved.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import psycopg

from recordgate_consumers.review.queue import Hold
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.control import Control, ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import Audience, EntryId, NhsNumber

_SQL = Statements("recordgate_consumers.review", "queue.sql")
SOURCE = "recordgate-review"


class Role(StrEnum):
    """Who reviews."""

    CLINICIAN = "clinician"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer says about a hold. `opinion_on`: the day a clinician gave an opinion on serious harm."""

    action: ReviewAction
    ground: ReviewGround
    role: Role
    opinion_on: date | None = None


def check(verdict: Verdict, today: date) -> None:
    """Raise UsageError when a verdict may not be given.

    Serious harm is a health professional's judgement (Data Protection Act 2018, Schedule 3, Part 2): a clinician's own,
    or recorded with the date of a clinician's opinion from the last six months.
    """
    withhold = verdict.action is ReviewAction.WITHHOLD
    if verdict.opinion_on is not None and verdict.opinion_on > today:
        raise UsageError("--opinion-on: lies in the future")
    if withhold and verdict.ground is ReviewGround.CHECKED:
        raise UsageError("--ground: withholding needs one: serious_harm, third_party, court, other")
    if not withhold or verdict.ground is not ReviewGround.SERIOUS_HARM:
        return
    if verdict.opinion_on is None and verdict.role is not Role.CLINICIAN:
        raise UsageError(
            "serious_harm: only a clinician may say so; give --role clinician, or the date of a"
            " clinician's opinion with --opinion-on"
        )
    if verdict.opinion_on is not None and verdict.opinion_on < _six_months_before(today):
        raise UsageError("--opinion-on: older than six months; ask the clinician again")


def _six_months_before(day: date) -> date:
    month = day.year * 12 + day.month - 1 - 6
    return date(month // 12, month % 12 + 1, min(day.day, 28))


def decide(connection: psycopg.Connection, seen: Hold, verdict: Verdict, now: datetime) -> str:
    """Mark the hold decided and put the outcome into the outbox, in one transaction; return the control's id.

    Raise UsageError when the hold is no longer the one that was seen.
    """
    check(verdict, now.date())
    control = outcome(seen, verdict, now)
    with connection.transaction():
        hold = {
            "nhs_number": seen.nhs_number,
            "audience": seen.audience,
            "entry_id": seen.entry_id,
            "sequence": seen.sequence,
            "now": now,
        }
        if connection.execute(_SQL["mark_decided"], hold).rowcount != 1:
            raise UsageError("ENTRY_ID: the hold has changed since it was read; look at it again")
        row = {
            "control_id": control.control_id,
            "control": codec.encode(CONTROLS, control),
            "now": now,
        }
        connection.execute(_SQL["put_outcome"], row)
    return control.control_id


def outcome(seen: Hold, verdict: Verdict, now: datetime) -> Control:
    """Return the control that carries the verdict, bound to all the reviewer saw."""
    return Control(
        control_id=_control_id(seen),
        nhs_number=NhsNumber.parse(seen.nhs_number),
        effective_at=now,
        source=SOURCE,
        change=Reviewed(
            entry_id=EntryId(seen.entry_id),
            audience=Audience(seen.audience),
            action=verdict.action,
            ground=verdict.ground,
            reasons=tuple(seen.reasons),
            entry_version=seen.version,
            body_sha256=seen.body_sha256,
            control_position=seen.decided_under,
            ruleset=seen.ruleset,
            reviewer_role=verdict.role.value,
            clinician_opinion_on=verdict.opinion_on,
        ),
    )


def _control_id(seen: Hold) -> str:
    """The same for the same hold in the same state, so that one state has one outcome. Names no patient."""
    parts = (seen.entry_id, seen.audience, str(seen.version), seen.body_sha256.hex())
    text = "\n".join((*parts, str(seen.decided_under), str(seen.sequence)))
    return "review-" + hashlib.sha256(text.encode()).hexdigest()[:32]
