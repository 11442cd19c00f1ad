"""What a single entry means for a proxy: the patient's wish, and a child-safeguarding concern (golden rows 82, 83)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.decision import Case, Objection, Objections
from recordgate_streams.policy.facts import Proxy
from recordgate_streams.policy.settings import Signal


def proxy_content(case: Case) -> Objections:
    """Not eligible while another entry's concern is not reviewed; withheld where the patient wishes it.

    A grant given again after the concern was recorded has been reviewed. The entry that raised it is withheld by its
    code, so that it stays withheld when the proxy is let in again.
    """
    grant = case.standing.grant
    if grant is None:
        return
    if case.settings.switches.child_safeguarding_suspends_proxies:
        yield from _concern(case, grant)
    if grant.grant_id in case.entry.not_for_grants:
        yield Objection(Reason.SUBJECT_WISH, Outcome.WITHHELD, {}, conceals=True)


def _concern(case: Case, grant: Proxy) -> Objections:
    signals = case.standing.facts.signals
    concerns = [said for said in signals if said.signal is Signal.CHILD_SAFEGUARDING]
    fresh = [said.at for said in concerns if said.at >= grant.at]
    if fresh and all(said.entry_id != case.entry.entry_id for said in concerns):
        because = {"concern_at": str(max(fresh))}
        yield Objection(Reason.SAFEGUARDING, Outcome.NOT_ELIGIBLE, because)
