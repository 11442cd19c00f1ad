"""What is known of one audience of one patient at one moment. Computed once, read by every rule for every entry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from recordgate_schemas.control import Historic, Level
from recordgate_schemas.values import SELF, Audience
from recordgate_streams.policy.dates import birthday, local_day
from recordgate_streams.policy.facts import Access, Course, Facts, Proxy, Registration
from recordgate_streams.policy.settings import PolicySettings, Practice, Signal

LADDER = tuple(Level)


@dataclass(frozen=True, slots=True)
class AccessWindow:
    """From which day on entries are open, at what level, and what lies open before that day."""

    start: date
    level: Level
    historic: Historic | None

    def covers_history(self, day: date) -> bool:
        """True when historic access reaches back to that day."""
        historic = self.historic
        return (
            historic is not None
            and historic.level is not Level.NONE
            and (historic.since is None or historic.since <= day)
        )

    def opens_history(self, day: date) -> bool:
        """True when historic access reaches back to that day and the record was checked first."""
        return self.covers_history(day) and self.historic is not None and self.historic.checked


@dataclass(frozen=True, slots=True)
class AudienceContext:
    """What the facts come to for one audience at one moment. `now` is UTC, `today` its day in London.

    `review_since`: from when an enhanced review has been needed. `window` is None while registration, access or grant
    is unknown.
    """

    name: Audience
    facts: Facts
    settings: PolicySettings
    now: datetime
    today: date
    registration: Registration | None
    access: Access | None
    grant: Proxy | None
    review_since: datetime | None
    declined: bool
    window: AccessWindow | None

    @property
    def is_self(self) -> bool:
        """True for the patient, False for a proxy."""
        return self.name == SELF

    @property
    def birth_date(self) -> date | None:
        """The patient's day of birth, if the current registration is known."""
        return self.registration.birth_date if self.registration else None


def audience_context(
    facts: Facts, audience: Audience, settings: PolicySettings, now: datetime
) -> AudienceContext:
    """Return the context of an audience: registration, access, grant, window and the moment of deciding."""
    registration = facts.current_registration()
    practice = settings.practice(registration.practice) if registration else None
    access = facts.access_at(registration.practice) if registration else None
    grant = facts.grant(audience)
    opens = access if audience == SELF else grant
    window = None
    if registration and registration.registered_on and practice and opens:
        start = max(_starts(facts, registration, practice, opens, settings))
        window = AccessWindow(start, opens.level, opens.historic)
    return AudienceContext(
        audience,
        facts,
        settings,
        now,
        local_day(now),
        registration,
        access,
        grant,
        _review_needed(facts).on_since,
        _declined(facts).is_on,
        window,
    )


def _starts(
    facts: Facts,
    registration: Registration,
    practice: Practice,
    opens: Access | Proxy,
    settings: PolicySettings,
) -> Iterator[date]:
    """Yield the days before which nothing is open; the latest of them is the start date."""
    yield practice.go_live
    if registration.registered_on:
        yield registration.registered_on
    if isinstance(opens, Proxy):
        yield opens.granted_on
        return
    if opens.effective_from:
        yield opens.effective_from
    if opens.practice_grant_from:
        yield opens.practice_grant_from
    elif registration.birth_date:
        yield birthday(registration.birth_date, 16)
    again = _declined(facts).off_since
    if again and settings.switches.re_opt_in_restart:
        yield local_day(again)


def _declined(facts: Facts) -> Course:
    """The patient's wish, with what codes on the record say of it."""
    return facts.course(facts.declined, Signal.DECLINED) if facts.signals else facts.declined


def _review_needed(facts: Facts) -> Course:
    known = facts.review_needed
    if not facts.signals:
        return known
    return facts.course(known, Signal.REVIEW_104, Signal.REVIEW_106)
