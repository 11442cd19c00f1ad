"""A reviewer's outcome: checked, bound to what was seen, and put into the outbox with the hold marked decided.

It decides nothing about the view: the decider takes it as one more fact, and refuses it if any other fact has moved.
"""

import hashlib
from datetime import datetime

import psycopg

from recordgate_consumers.review.queue import Hold
from recordgate_consumers.review.verdict import Verdict, check, check_role, opinion_day
from recordgate_runtime.sql import Statements
from recordgate_schemas import codec
from recordgate_schemas.control import Control, Reviewed
from recordgate_schemas.errors import UsageError
from recordgate_schemas.topics import CONTROLS
from recordgate_schemas.values import Audience, EntryId, NhsNumber

_SQL = Statements("recordgate_consumers.review", "queue.sql")
SOURCE = "recordgate-review"


def decide(connection: psycopg.Connection, seen: Hold, verdict: Verdict, now: datetime) -> str:
    """Mark the hold decided and put the outcome into the outbox, in one transaction; return the control's id.

    Raise UsageError when the verdict may not be given, or the hold is no longer the one that was seen.
    """
    check(verdict, now.date())
    check_role(seen, verdict)
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
            clinician_opinion_on=opinion_day(verdict, now.date()),
        ),
    )


def _control_id(seen: Hold) -> str:
    """The same for the same hold in the same state, so that one state has one outcome. Names no patient."""
    parts = (seen.entry_id, seen.audience, str(seen.version), seen.body_sha256.hex())
    text = "\n".join((*parts, str(seen.decided_under), str(seen.sequence)))
    return "review-" + hashlib.sha256(text.encode()).hexdigest()[:32]
