"""Applies the review in force to the objections, if it was given for exactly this content and these holds."""

from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_streams.policy.dates import months_after
from recordgate_streams.policy.decision import EntryContext, Objection
from recordgate_streams.policy.statements import ReviewStatement

CLEARED_BY_CLINICIAN = frozenset({Reason.PROXY_SENSITIVE})
"""Withheld from a proxy until somebody has looked (golden row 68): unlike other withholdings a review lifts these."""


def after_review(context: EntryContext, objections: tuple[Objection, ...]) -> tuple[Objection, ...]:
    """Return the objections that survive the review in force, if there is one (golden rows 71, 91-96)."""
    if not context.statements.reviews:
        return objections
    review = context.statements.review_for(
        context.audience.name, context.entry.practice, lambda one: _is_about(one, context)
    )
    if review is None:
        return objections
    withholds = review.action is not ReviewAction.RELEASE
    if not _is_about(review, context):
        # SAFETY: what was withheld and then amended must be looked at again before anyone sees it
        because = {**_because(review), "amended": "since the review"}
        again = Objection(Reason.REVIEWED, Outcome.HELD, because, suppresses=True)
        return (*objections, again) if withholds else objections
    if withholds:
        return (*objections, *_withheld(context, review))
    return _lifted(context, review, objections)


def _is_about(review: ReviewStatement, context: EntryContext) -> bool:
    """True when the reviewer saw this content; of an entry in conflict nobody can tell which one was seen.

    It must have been given for the entry's practice: the signer speaks for no other.
    """
    entry = context.entry
    same = review.body_sha256 == entry.body_sha256 or context.integrity.conflict
    given_for = (review.practice, review.entry_version)
    return same and given_for == (entry.practice, entry.version)


def _withheld(context: EntryContext, review: ReviewStatement) -> tuple[Objection, ...]:
    because = _because(review)
    withheld = Objection(Reason.REVIEWED, Outcome.WITHHELD, because, suppresses=True)
    if review.ground is not ReviewGround.SERIOUS_HARM or review.opinion_on is None:
        return (withheld,)
    stale = months_after(review.opinion_on, context.settings.numbers.opinion_months)
    if stale > context.audience.today:
        return (withheld,)
    because = {"opinion_on": str(review.opinion_on), "stale_since": str(stale)}
    return (withheld, Objection(Reason.OPINION_STALE, Outcome.WITHHELD, because))


def _lifted(
    context: EntryContext, review: ReviewStatement, objections: tuple[Objection, ...]
) -> tuple[Objection, ...]:
    """A release lifts all holds or none.

    All must be ones the reviewer saw, none an integrity hold, and where one needs a clinician the reviewer must be one.
    What the reviewer wants left out must be there. Whatever is stronger than a hold survives: later facts win.
    """
    liftable = [o for o in objections if _is_liftable(o)]
    reasons = {o.reason for o in liftable}
    clinician = review.role in context.settings.clinician_roles
    if (
        not reasons
        or reasons & INTEGRITY
        or not reasons <= set(review.reasons)
        or (reasons & context.settings.clinician_reasons and not clinician)
        or not set(review.leave_out) <= {element.kind for element in context.entry.elements}
    ):
        return objections
    kept = tuple(o for o in objections if not _is_liftable(o))
    outcome = Outcome.RELEASED_REDACTED if review.leave_out else Outcome.RELEASED
    lifted = Objection(Reason.REVIEWED, outcome, _because(review), frozenset(review.leave_out))
    return (*kept, lifted)


def _is_liftable(objection: Objection) -> bool:
    if objection.outcome is Outcome.HELD:
        return True
    return objection.outcome is Outcome.WITHHELD and objection.reason in CLEARED_BY_CLINICIAN


def _because(review: ReviewStatement) -> dict[str, str]:
    return {"reviewed_at": review.at.isoformat(timespec="seconds"), "ground": review.ground.value}
