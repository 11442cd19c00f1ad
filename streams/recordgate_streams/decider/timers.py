"""When time alone will change a decision: birthdays, end dates, delays, opinions that go stale.

The ledger keeps the next such instant of each patient and decides again when it comes.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from recordgate_schemas.control import ReviewAction, ReviewGround
from recordgate_streams.policy.audience import AudienceContext
from recordgate_streams.policy.dates import begins, birthday, months_after
from recordgate_streams.policy.decision import EntryContext
from recordgate_streams.policy.facts import Proxy
from recordgate_streams.policy.rules.grant import GROWN_UP, stale_on
from recordgate_streams.policy.rules.readiness import delayed_until

DAY = timedelta(days=1)


def closes_at(audience: AudienceContext) -> datetime | None:
    """Return the next instant at which this audience may lose what it sees; a release is valid until then."""
    if audience.grant is None:
        return None
    return _next(_grant_days(audience, audience.grant), audience.now)


def changes_at(audience: AudienceContext) -> datetime | None:
    """Return the next instant at which any decision for this audience may change, in either direction."""
    born = audience.birth_date
    if audience.grant is not None or born is None:
        return closes_at(audience)
    return _next((begins(birthday(born, age)) for age in (13, 16)), audience.now)


def entry_changes_at(context: EntryContext) -> datetime | None:
    """Return the next instant at which the decision about this entry may change by itself."""
    return _next(_entry_instants(context), context.now)


def _grant_days(audience: AudienceContext, grant: Proxy) -> Iterator[datetime]:
    numbers, born = audience.settings.numbers, audience.birth_date
    if grant.until is not None and grant.until.year < 9999:
        yield begins(grant.until + DAY)
    yield begins(stale_on(audience.facts, grant, numbers))
    if born is not None:
        for age in (numbers.proxy_review_age, numbers.proxy_stop_age, GROWN_UP):
            yield begins(birthday(born, age))


def _entry_instants(context: EntryContext) -> Iterator[datetime]:
    entry, numbers = context.entry, context.settings.numbers
    if entry.recorded_at is not None:
        yield entry.recorded_at
    elif entry.event_date is not None:
        yield begins(entry.event_date)
    if delayed := delayed_until(entry, numbers.abnormal_delay_days):
        yield delayed
    for review in context.statements.reviews:
        harm = review.ground is ReviewGround.SERIOUS_HARM
        if harm and review.action is ReviewAction.WITHHOLD and review.opinion_on:
            yield begins(months_after(review.opinion_on, numbers.opinion_months))


def _next(instants: Iterator[datetime], now: datetime) -> datetime | None:
    return min((at for at in instants if at > now), default=None)
