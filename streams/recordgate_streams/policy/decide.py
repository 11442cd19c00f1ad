"""decide(): every rule is asked, every objection kept, the outcome follows by precedence."""

from collections.abc import Callable
from datetime import datetime

from recordgate_schemas.control import ReviewAction
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_streams.policy.decision import (
    Case,
    Decision,
    Objection,
    Objections,
    headline_outcome,
)
from recordgate_streams.policy.rules import RULES

Rule = Callable[[Case], Objections]


def decide(case: Case, ruleset: str, rules: tuple[Rule, ...] = RULES) -> Decision:
    """Return the decision for one entry version and one audience under the ruleset of that hash.

    SAFETY: a rule that raises is itself an objection (ENGINE_ERROR, held): absence of an answer never releases.
    """
    raised = tuple(objection for rule in rules for objection in _ask(rule, case))
    objections = _after_review(case, raised)
    return Decision(case.audience, headline_outcome(objections), objections, ruleset)


def _ask(rule: Rule, case: Case) -> tuple[Objection, ...]:
    try:
        return tuple(rule(case))
    except Exception as error:  # noqa: BLE001  one of the product's few broad handlers: it holds
        because = {"rule": rule.__module__.rpartition(".")[2], "error": type(error).__name__}
        return (Objection(Reason.ENGINE_ERROR, Outcome.HELD, because),)


def _after_review(case: Case, objections: tuple[Objection, ...]) -> tuple[Objection, ...]:
    """Apply a reviewer's outcome, if it was given for exactly this content and these holds.

    A release lifts ordinary holds the reviewer saw; a hold the reviewer did not see, an integrity hold and everything
    stronger than a hold stand: later facts win (golden rows 91-93). What a review lifted says REVIEWED in its place.
    """
    review = case.marks.review_for(case.audience)
    entry = case.entry
    if review is None:
        return objections
    because = {"reviewed_at": _iso(review.at), "ground": review.ground.value}
    withholds = review.action is ReviewAction.WITHHOLD
    if (review.entry_version, review.body_sha256) != (entry.version, entry.body_sha256):
        # SAFETY: what was withheld and then amended must be looked at again before anyone sees it
        again = Objection(Reason.REVIEWED, Outcome.HELD, {**because, "amended": "since the review"})
        return (*objections, again) if withholds else objections
    if withholds:
        return (*objections, Objection(Reason.REVIEWED, Outcome.WITHHELD, because))
    holds = {o.reason for o in objections if o.outcome is Outcome.HELD}
    if holds & INTEGRITY or not holds <= set(review.reasons):
        return objections
    if not holds:
        return objections
    lifted = tuple(o for o in objections if o.outcome is not Outcome.HELD)
    return (*lifted, Objection(Reason.REVIEWED, Outcome.RELEASED, because))


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
