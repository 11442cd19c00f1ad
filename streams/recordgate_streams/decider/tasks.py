"""Work for people that no held entry represents: a flagged patient, a grant to review, an opinion gone stale.

Computed from the same objections as the decisions, so a task is open exactly as long as its reason holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_schemas.values import Audience, EntryId
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import Decision, Objection
from recordgate_streams.policy.rules.grant import is_due_for_review
from recordgate_streams.policy.settings import Signal

OF_PATIENTS = frozenset({Reason.S_FLAG, Reason.UNDER_13, Reason.PROXY_AGE, Reason.PR_CHANGE})
"""Reasons against every entry: one task for all of them."""

OF_ENTRIES = frozenset(
    {
        (Reason.SAFEGUARDING, Outcome.WITHHELD),
        (Reason.OPINION_STALE, Outcome.WITHHELD),
        (Reason.WRONG_PATIENT, Outcome.WITHHELD),
        (Reason.WRONG_PATIENT, Outcome.HELD),
        (Reason.RULE_CHANGE, Outcome.HELD),
    }
)
"""Reasons against one entry that ask for work beyond deciding it."""


@dataclass(frozen=True, slots=True)
class Task:
    """What has to be looked at: a reason, for an audience; no `entry_id` when it is about patient or grant."""

    reason: Reason
    audience: Audience
    entry_id: EntryId | None = None


def patient_tasks(audience: AudienceContext, objections: Iterable[Objection]) -> frozenset[Task]:
    """Return the tasks that the patient's facts give for this audience (golden rows 13, 23, 32, 77, 81, 82)."""
    reasons = {o.reason for o in objections} & OF_PATIENTS
    if audience.is_self and audience.review_since is not None:
        reasons.add(Reason.ACCESS_REVIEW)
    if audience.grant is not None:
        if is_due_for_review(audience, audience.grant):
            reasons.add(Reason.PROXY_AGE)
        concern = audience.facts.latest(Signal.CHILD_SAFEGUARDING)
        if concern is not None and concern >= audience.grant.at:
            reasons.add(Reason.SAFEGUARDING)
    return frozenset(Task(reason, audience.name) for reason in reasons)


def entry_tasks(decision: Decision, entry_id: EntryId) -> frozenset[Task]:
    """Return the tasks that a decision gives (golden rows 64, 90, 95, 99)."""
    asked = {o.reason for o in decision.objections if (o.reason, o.outcome) in OF_ENTRIES}
    return frozenset(Task(reason, decision.audience, entry_id) for reason in asked)
