"""What a single entry means for a proxy: the patient's wish, and a child-safeguarding concern (golden rows 82, 83)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import EntryContext, Objection, Objections
from recordgate_streams.policy.facts import Proxy
from recordgate_streams.policy.settings import Signal


def proxy_content(context: EntryContext) -> Objections:
    """Not eligible while another entry's concern is not reviewed; withheld where the patient wishes it.

    A grant given again after the concern was recorded has been reviewed. The entry that raised it is withheld by its
    code, so that it stays withheld when the proxy is let in again.
    """
    grant = context.audience.grant
    if grant is None:
        return
    if context.settings.switches.child_safeguarding_suspends_proxies:
        yield from _concern(context, grant)
    if grant.grant_id in context.entry.not_for_grants:
        yield Objection(Reason.SUBJECT_WISH, Outcome.WITHHELD, {}, suppresses=True)


def _concern(context: EntryContext, grant: Proxy) -> Objections:
    signals = context.audience.facts.signals
    concerns = [one for one in signals if one.signal is Signal.CHILD_SAFEGUARDING]
    since_grant = [one.at for one in concerns if one.at >= grant.at]
    if since_grant and all(one.entry_id != context.entry.entry_id for one in concerns):
        because = {"concern_at": str(max(since_grant))}
        yield Objection(Reason.SAFEGUARDING, Outcome.NOT_ELIGIBLE, because)
