"""Proxies see what their own grant covers, while it lasts (golden rows 79, 80, 83)."""

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.dates import birthday, local_day
from recordgate_streams.policy.decision import Case, Objection, Objections


def proxy(case: Case) -> Objections:
    """Not eligible without a grant in force; withheld where the patient wishes it."""
    if case.is_self:
        return
    facts, today = case.facts, local_day(case.now)
    grant = next((p for p in facts.proxies if case.audience == f"proxy:{p.grant_id}"), None)
    if grant is None:
        yield Objection(Reason.PROXY_UNKNOWN, Outcome.NOT_ELIGIBLE, {})
        return
    ended = facts.proxy_ended_at(grant.grant_id)
    if (ended is not None and ended >= grant.at) or (
        grant.until is not None and grant.until < today
    ):
        yield Objection(
            Reason.PROXY_ENDED, Outcome.NOT_ELIGIBLE, {"until": str(grant.until or ended)}
        )
    current = facts.current_registration()
    if (
        current
        and current.birth_date
        and grant.granted_on < birthday(current.birth_date, 16) <= today
    ):
        yield Objection(
            Reason.PROXY_16,
            Outcome.NOT_ELIGIBLE,
            {"turned_16": str(birthday(current.birth_date, 16))},
        )
    if current and grant.practice != current.practice:
        yield Objection(Reason.LEFT_PRACTICE, Outcome.NOT_ELIGIBLE, {"grant": grant.practice})
    if grant.grant_id in case.entry.not_for_grants:
        yield Objection(Reason.SUBJECT_WISH, Outcome.WITHHELD, {})
