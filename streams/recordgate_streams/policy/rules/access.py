"""What closes the whole record: suspension, S-flag, the patient's wish, no account (golden rows 23, 25, 29-33, 38)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.decision import Objection, Objections


def access(audience: AudienceContext) -> Objections:
    """Not eligible while suspended or flagged; for the patient also while declined or, if asked for, without account.

    An account that was closed and linked again never lifts a suspension. Declining concerns the patient's own access.
    """
    facts = audience.facts
    if facts.suspended.is_on:
        yield Objection(Reason.SUSPENDED, Outcome.NOT_ELIGIBLE, {"since": str(facts.suspended.on)})
    if facts.s_flag.is_on:
        yield Objection(Reason.S_FLAG, Outcome.NOT_ELIGIBLE, {"since": str(facts.s_flag.on)})
    if not audience.is_self:
        return
    if audience.declined:
        yield Objection(Reason.DECLINED, Outcome.NOT_ELIGIBLE, {"latest_wish": "declined"})
    if audience.settings.switches.needs_account and not facts.account_linked:
        yield Objection(Reason.NO_ACCOUNT, Outcome.NOT_ELIGIBLE, {"account": "none linked"})
