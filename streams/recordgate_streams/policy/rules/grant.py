"""Proxies see what their own grant covers, while it lasts (golden rows 77-82, 85)."""

from datetime import date

from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.audience import Standing
from recordgate_streams.policy.dates import birthday, local_day
from recordgate_streams.policy.decision import Objection, Objections
from recordgate_streams.policy.facts import Facts, Proxy, latest_of
from recordgate_streams.policy.settings import Numbers, Signal

GROWN_UP = 16


def grant(standing: Standing) -> Objections:
    """Not eligible without a grant in force; held when the child has reached an age at which it is to be reviewed."""
    if standing.is_self:
        return
    given = standing.grant
    if given is None:
        yield Objection(Reason.PROXY_UNKNOWN, Outcome.NOT_ELIGIBLE, {})
        return
    yield from _ended(standing, given)
    if standing.birth_date is not None:
        yield from _ages(standing, given, standing.birth_date)
    stale = stale_on(standing.facts, given, standing.settings.numbers)
    if stale <= standing.today:
        yield Objection(Reason.PROXY_STALE, Outcome.NOT_ELIGIBLE, {"unused_until": str(stale)})
    if standing.registration and given.practice != standing.registration.practice:
        yield Objection(Reason.LEFT_PRACTICE, Outcome.NOT_ELIGIBLE, {"grant": given.practice})
    parental = standing.facts.latest(Signal.PARENTAL) if standing.facts.signals else None
    if parental is not None and parental >= given.at:
        yield Objection(Reason.PR_CHANGE, Outcome.NOT_ELIGIBLE, {"coded_at": str(parental)})


def has_ended(facts: Facts, given: Proxy) -> bool:
    """True when the grant was said to have ended at or after it was given."""
    ended = latest_of(facts.proxy_ends, given.grant_id)
    return ended is not None and ended >= given.at


def stale_on(facts: Facts, given: Proxy, numbers: Numbers) -> date:
    """Return the day from which an unused grant has ended."""
    used = latest_of(facts.proxy_uses, given.grant_id)
    last = max(given.granted_on, local_day(used)) if used else given.granted_on
    return birthday(last, numbers.proxy_unused_years)


def _ended(standing: Standing, given: Proxy) -> Objections:
    over = given.until is not None and given.until < standing.today
    if over or has_ended(standing.facts, given):
        because = {"until": str(given.until)} if over else {"ended": "by a control"}
        yield Objection(Reason.PROXY_ENDED, Outcome.NOT_ELIGIBLE, because)


def _ages(standing: Standing, given: Proxy, born: date) -> Objections:
    numbers = standing.settings.numbers
    if _reached(standing, given, GROWN_UP):
        because = {"turned_16": str(birthday(born, GROWN_UP))}
        yield Objection(Reason.PROXY_16, Outcome.NOT_ELIGIBLE, because)
    elif _not_renewed(standing, given, numbers.proxy_stop_age):
        because = {"child_turned": str(numbers.proxy_stop_age)}
        yield Objection(Reason.PROXY_AGE, Outcome.NOT_ELIGIBLE, because)
    elif standing.settings.switches.proxy_review_age_hold and is_due_for_review(standing, given):
        because = {"child_turned": str(numbers.proxy_review_age)}
        yield Objection(Reason.PROXY_AGE, Outcome.HELD, because)


def is_due_for_review(standing: Standing, given: Proxy) -> bool:
    """True when the child has reached the review age since the grant was given or renewed, and is not yet 16."""
    due = _not_renewed(standing, given, standing.settings.numbers.proxy_review_age)
    return due and not _reached(standing, given, GROWN_UP)


def _not_renewed(standing: Standing, given: Proxy, age: int) -> bool:
    return (given.renewed_at_age or 0) < age and _reached(standing, given, age)


def _reached(standing: Standing, given: Proxy, age: int) -> bool:
    """A grant given before a birthday is not one given after it: who assessed a younger child assessed another case."""
    born = standing.birth_date
    return born is not None and given.granted_on < birthday(born, age) <= standing.today
