"""The control that carries a reviewer's outcome to the decider, bound to all the reviewer saw."""

import hashlib
from datetime import datetime

from recordgate_consumers.review.items import Item
from recordgate_consumers.review.rules import CLINICIANS, Decision, Role
from recordgate_consumers.review.workflow import Action
from recordgate_schemas.control import Control, ReviewAction, Reviewed, ReviewGround
from recordgate_schemas.errors import FatalError
from recordgate_schemas.values import Audience, EntryId, NhsNumber, OdsCode

SOURCE = "recordgate-review"


def outcome_control(
    item: Item, lease_number: int, decision: Decision, role: Role, now: datetime
) -> Control:
    """Return the control of a decision about a hold."""
    if (
        item.version is None
        or item.body_sha256 is None
        or item.decided_under is None
        or item.ruleset is None
    ):
        raise FatalError("review: a hold without content; see that the review database is whole")
    withholds = decision.action is Action.WITHHOLD
    harm_seen_by_clinician = decision.ground is ReviewGround.SERIOUS_HARM and role in CLINICIANS
    return Control(
        control_id=_control_id(item, lease_number),
        nhs_number=NhsNumber.parse(item.nhs_number),
        effective_at=now,
        source=SOURCE,
        change=Reviewed(
            entry_id=EntryId(item.entry_id),
            practice=OdsCode(item.practice),
            audience=Audience(item.audience),
            action=ReviewAction.WITHHOLD if withholds else ReviewAction.RELEASE,
            ground=decision.ground,
            reasons=tuple(item.reasons),
            entry_version=item.version,
            body_sha256=item.body_sha256,
            control_position=item.decided_under,
            ruleset=item.ruleset,
            reviewer_role=role.value,
            # a clinician who sees serious harm gives the opinion with the decision
            clinician_opinion_on=decision.opinion_on
            or (now.date() if harm_seen_by_clinician else None),
            leave_out=tuple(sorted(set(decision.leave_out))),
        ),
    )


def _control_id(item: Item, lease_number: int) -> str:
    """The same for the same decision, another one after an undo. Names no patient."""
    parts = (item.entry_id, item.audience, item.incarnation, item.sequence, lease_number)
    text = "\n".join(map(str, parts))
    return "review-" + hashlib.sha256(text.encode()).hexdigest()[:32]
