"""Code 104 asks for an enhanced review before access, 106 cancels it (golden rows 11, 19, 32-35)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections


def access_review(case: Case) -> Objections:
    """Hold entries recorded at or after the 104 while it is the latest of the two codes."""
    needed = case.facts.review_needed
    if not case.is_self or not needed.is_on or needed.on is None:
        return
    recorded = case.entry.recorded_at
    if recorded is None or recorded >= needed.on:
        yield Objection(Reason.ACCESS_REVIEW, Outcome.HELD, {"code_104_at": str(needed.on)})
