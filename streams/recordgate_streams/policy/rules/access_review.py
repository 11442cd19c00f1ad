"""Code 104 asks for an enhanced review before access, 106 cancels it (golden rows 11, 19, 32-35)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections


def access_review(context: EntryContext) -> Objections:
    """Hold entries recorded at or after the 104 in force; or, if so switched, suspend the whole view.

    Holding is the default because the code was applied in bulk in places, and a suspension denies a right.
    """
    since = context.audience.review_since
    if since is None:
        return
    because = {"code_104_at": str(since)}
    recorded = context.entry.recorded_at
    if context.settings.switches.on_104_suspend_view:
        yield Objection(Reason.ACCESS_REVIEW, Outcome.NOT_ELIGIBLE, because)
    elif recorded is None or recorded >= since:
        yield Objection(Reason.ACCESS_REVIEW, Outcome.HELD, because)
