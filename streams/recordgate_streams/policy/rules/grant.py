"""Proxies see what their own grant covers, while it lasts (golden rows 77-82, 85)."""

from datetime import date

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.dates import birthday, local_day
from recordgate_streams.policy.decision import Objection, Objections
from recordgate_streams.policy.facts import Facts, Proxy, latest_of
from recordgate_streams.policy.settings import Numbers, Signal

GROWN_UP = 16


def grant(audience: AudienceContext) -> Objections:
    """Not eligible without a grant in force; held when the child has reached an age at which it is to be reviewed."""
    if audience.is_self:
        return
    given = audience.grant
    if given is None:
        yield Objection(Reason.PROXY_UNKNOWN, Outcome.NOT_ELIGIBLE, {})
        return
    yield from _ended(audience, given)
    if audience.birth_date is not None:
        yield from _ages(audience, given, audience.birth_date)
    stale = stale_on(audience.facts, given, audience.settings.numbers)
    if stale <= audience.today:
        yield Objection(Reason.PROXY_STALE, Outcome.NOT_ELIGIBLE, {"unused_until": str(stale)})
    if audience.registration and given.practice != audience.registration.practice:
        yield Objection(Reason.LEFT_PRACTICE, Outcome.NOT_ELIGIBLE, {"grant": given.practice})
    parental = audience.facts.latest(Signal.PARENTAL) if audience.facts.signals else None
    if parental is not None and parental >= given.at:
        yield Objection(Reason.PR_CHANGE, Outcome.NOT_ELIGIBLE, {"coded_at": str(parental)})


def has_ended(facts: Facts, given: Proxy) -> bool:
    """Return True when the grant was stated to have ended at or after it was given."""
    ended = latest_of(facts.proxy_ends, given.grant_id)
    return ended is not None and ended >= given.at


def stale_on(facts: Facts, given: Proxy, numbers: Numbers) -> date:
    """Return the day from which an unused grant has ended."""
    used = latest_of(facts.proxy_uses, given.grant_id)
    last = max(given.granted_on, local_day(used)) if used else given.granted_on
    return birthday(last, numbers.proxy_unused_years)


def _ended(audience: AudienceContext, given: Proxy) -> Objections:
    over = given.until is not None and given.until < audience.today
    if over or has_ended(audience.facts, given):
        because = {"until": str(given.until)} if over else {"ended": "by a control"}
        yield Objection(Reason.PROXY_ENDED, Outcome.NOT_ELIGIBLE, because)


def _ages(audience: AudienceContext, given: Proxy, born: date) -> Objections:
    numbers = audience.settings.numbers
    if _reached(audience, given, GROWN_UP):
        because = {"turned_16": str(birthday(born, GROWN_UP))}
        yield Objection(Reason.PROXY_16, Outcome.NOT_ELIGIBLE, because)
    elif _not_renewed(audience, given, numbers.proxy_stop_age):
        because = {"child_turned": str(numbers.proxy_stop_age)}
        yield Objection(Reason.PROXY_AGE, Outcome.NOT_ELIGIBLE, because)
    elif audience.settings.switches.proxy_review_age_hold and is_due_for_review(audience, given):
        because = {"child_turned": str(numbers.proxy_review_age)}
        yield Objection(Reason.PROXY_AGE, Outcome.HELD, because)


def is_due_for_review(audience: AudienceContext, given: Proxy) -> bool:
    """True when the child has reached the review age since the grant was given or renewed, and is not yet 16."""
    due = _not_renewed(audience, given, audience.settings.numbers.proxy_review_age)
    return due and not _reached(audience, given, GROWN_UP)


def _not_renewed(audience: AudienceContext, given: Proxy, age: int) -> bool:
    return (given.renewed_at_age or 0) < age and _reached(audience, given, age)


def _reached(audience: AudienceContext, given: Proxy, age: int) -> bool:
    """Return True when the child has turned `age` since the grant was given: a younger child was assessed then."""
    born = audience.birth_date
    return born is not None and given.granted_on < birthday(born, age) <= audience.today
