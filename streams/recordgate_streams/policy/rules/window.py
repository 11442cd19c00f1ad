"""Which entries lie inside the patient's window: recorded from the start date on, or opened by historic access.

The duty is keyed on when information was entered (reg 71ZA), the boundary is inclusive, days are London days.
Golden rows 1-8, 14, 16-18, 31, 37, 47.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from recordgate_schemas.control import Historic, Level
from recordgate_schemas.entry import Kind, Origin
from recordgate_schemas.reasons import Outcome, Reason
from recordgate_streams.policy.dates import birthday, local_day
from recordgate_streams.policy.decision import Case, Objection, Objections

RESULTS_AND_LETTERS = frozenset({Kind.TEST_RESULT, Kind.REPORT, Kind.BATTERY, Kind.DOCUMENT})


@dataclass(frozen=True, slots=True)
class Window:
    """From which day on entries are open, at what level, and what lies open before that day."""

    start: date
    level: Level
    historic: Historic | None

    def level_on(self, recorded: date, *, imported: bool) -> Level:
        """Return the level for an entry recorded that day; NONE outside the window."""
        if recorded >= self.start and not imported:
            return self.level
        return (
            self.historic.level if self.covers_history(recorded) and self.historic else Level.NONE
        )

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


def window_of(case: Case) -> Window | None:
    """Return the audience's window; None while registration or access is unknown (state_unknown holds that)."""
    current = case.facts.current_registration()
    if current is None or current.registered_on is None:
        return None
    go_live = case.settings.go_live_at(current.practice)
    days = [go_live, current.registered_on]
    if not case.is_self:
        grant = next(
            (p for p in case.facts.proxies if case.audience == f"proxy:{p.grant_id}"), None
        )
        if grant is None:
            return None
        return Window(max(*days, grant.granted_on), grant.level, grant.historic)
    access = case.facts.access_at(current.practice)
    if access is None or current.birth_date is None:
        return None
    if case.facts.declined.on and case.facts.declined.off and not case.facts.declined.is_on:
        days.append(local_day(case.facts.declined.off))
    days += [access.effective_from] if access.effective_from else []
    days.append(access.practice_grant_from or birthday(current.birth_date, 16))
    return Window(max(days), access.level, access.historic)


def window(case: Case) -> Objections:
    """Object to entries outside the window, undated, dated in the future, or dated before it but recorded in it."""
    entry, reach = case.entry, window_of(case)
    if entry.recorded_at is None:
        yield Objection(Reason.DATE_UNKNOWN, Outcome.HELD, {"recorded_at": "missing"})
        return
    if entry.recorded_at > case.now:
        yield Objection(Reason.FUTURE_DATED, Outcome.HELD, {"recorded_at": str(entry.recorded_at)})
    if reach is None:
        return
    recorded = local_day(entry.recorded_at)
    imported = entry.origin is not Origin.LOCAL and entry.origin is not Origin.CORRESPONDENCE
    because = {"recorded": str(recorded), "start": str(reach.start)}
    if recorded < reach.start or imported:
        yield from _historic(case, reach, recorded, because, imported=imported)
    elif entry.event_date and not reach.opens_history(entry.event_date):
        slack = case.settings.result_tolerance_days if entry.kind in RESULTS_AND_LETTERS else 0
        if entry.event_date < reach.start - timedelta(days=slack):
            because = {"event_date": str(entry.event_date), **because}
            yield Objection(Reason.BACKDATED, Outcome.HELD, because)


def _historic(
    case: Case, reach: Window, recorded: date, because: dict[str, str], *, imported: bool
) -> Objections:
    if not reach.covers_history(recorded):
        reason = Reason.HISTORIC_IMPORT if imported else Reason.HISTORIC
        yield Objection(reason, Outcome.NOT_ELIGIBLE, because)
    elif reach.historic and not reach.historic.checked:
        yield Objection(Reason.HISTORIC_CHECK, Outcome.HELD, {**because, "record_checked": "no"})
    elif imported and not case.entry.hide_tags_trusted:
        yield Objection(
            Reason.HISTORIC_CHECK, Outcome.HELD, {**because, "hide_tags": "not trusted"}
        )
