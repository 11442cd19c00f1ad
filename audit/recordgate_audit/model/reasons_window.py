"""Section 3, window and level: from which day on, what history opens before it, and how much of an entry."""

from datetime import date

from recordgate_audit.model.days import day, years_after
from recordgate_audit.model.history import Change, Entry, optional_date
from recordgate_audit.model.question import (
    HELD,
    NOT_ELIGIBLE,
    RELEASED_REDACTED,
    Answers,
    Asked,
    Question,
)
from recordgate_audit.model.statements import latest
from recordgate_audit.model.strictness import LEVELS, access_strictness

_SLOW_KINDS = ("test_result", "report", "battery", "test_group", "document")
_WITNESSES = (
    *("consultation", "problem", "allergy", "immunisation", "observation"),
    *_SLOW_KINDS,
)
_NEEDS = {
    "medication": "summary",
    "allergy": "summary",
    "document": "documents",
    "consultation": "detailed",
    "problem": "detailed",
    "immunisation": "detailed",
    "test_result": "detailed",
    "report": "detailed",
    "battery": "detailed",
    "test_group": "detailed",
    "referral": "detailed",
    "observation": "detailed",
    "list": "detailed",
    "access_code": "detailed",
}
"""The level a kind needs; any other kind needs full."""


def window(q: Question) -> Answers:
    """DATE_UNKNOWN, FUTURE_DATED, HISTORIC_IMPORT, HISTORIC, HISTORIC_CHECK, BACKDATED."""
    entry = q.entry
    start = _start(q)
    if entry.recorded_at is None:
        if not _is_witnessed(q, start):
            yield Asked("DATE_UNKNOWN", HELD)
        return
    if entry.recorded_at > q.now:
        yield Asked("FUTURE_DATED", HELD)
    if start is None:
        return
    if _imported(entry) or day(entry.recorded_at) < start:
        yield from _historic(q, day(entry.recorded_at))
    elif q.switch("backdated") == "hold" and _backdated(q, start):
        yield Asked("BACKDATED", HELD)


def _is_witnessed(q: Question, start: date | None) -> bool:
    """Whether the day of its event shows that an entry was recorded at or after the start."""
    entry = q.entry
    if start is None or entry.event_date is None or entry.event_date < start:
        return False
    if entry.event_date > day(entry.extracted_at) or entry.event_date > day(q.now):
        return False
    return entry.kind in _WITNESSES and not _imported(entry)


def _historic(q: Question, recorded_on: date) -> Answers:
    imported = _imported(q.entry)
    historic = _history(q)
    if historic is None or not _covers(historic, recorded_on):
        yield Asked("HISTORIC_IMPORT" if imported else "HISTORIC", NOT_ELIGIBLE)
    elif not historic["checked"] or (imported and not q.entry.hide_tags_trusted):
        yield Asked("HISTORIC_CHECK", HELD)


def _backdated(q: Question, start: date) -> bool:
    happened_on = q.entry.event_date
    if happened_on is None:
        return False
    tolerated = q.number("result_tolerance_days") if q.entry.kind in _SLOW_KINDS else 0
    historic = _history(q)
    opened = historic is not None and _covers(historic, happened_on) and historic["checked"]
    return (start - happened_on).days > tolerated and not opened


def _start(q: Question) -> date | None:
    """The first day whose new entries the audience may see, when the registration (and access) is known."""
    current = q.facts.current
    if current is None or q.permission is None:
        return None
    general = q.ruleset["go_live"]
    go_live = q.ruleset["practices"].get(current.practice, {}).get("go_live", general)
    since = [date.fromisoformat(go_live), current.registered_on]
    if q.grant is not None:
        return max(*since, date.fromisoformat(q.grant.change["granted_on"]))
    return max(*since, *_starts_of_self(q, q.permission, years_after(current.birth_date, 16)))


def _starts_of_self(q: Question, access: Change, sixteenth_birthday: date) -> list[date]:
    starts = [optional_date(access["practice_grant_from"]) or sixteenth_birthday]
    if access["effective_from"] is not None:
        starts.append(date.fromisoformat(access["effective_from"]))
    opted_in_again = q.facts.opted_in_again_at
    if q.switch("re_opt_in") == "restart" and not q.facts.declined and opted_in_again is not None:
        starts.append(day(opted_in_again))
    return starts


def _imported(entry: Entry) -> bool:
    return entry.origin in {"transfer", "unknown"}


def _history(q: Question) -> Change | None:
    if q.permission is None:
        return None
    historic: Change | None = q.permission["historic"]
    return historic


def _covers(historic: Change, on: date) -> bool:
    since = optional_date(historic["since"])
    return historic["level"] != "none" and (since is None or since <= on)


def level(q: Question) -> Answers:
    """LEVEL_NONE, LEVEL, FREE_TEXT_DROPPED, ATTACHMENT_DROPPED."""
    start = _start(q)
    if start is None or q.permission is None:
        return
    audience_level = _audience_level(q, q.permission)
    if audience_level == "none":
        yield Asked("LEVEL_NONE", NOT_ELIGIBLE)
        return
    reach = _reach(q, start, audience_level)
    if reach is None:
        return
    if _below(reach, _NEEDS.get(q.entry.kind, "full")):
        yield Asked("LEVEL", NOT_ELIGIBLE)
        return
    kinds = {element.kind for element in q.entry.elements}
    if _below(reach, "full") and "free_text" in kinds:
        yield Asked("FREE_TEXT_DROPPED", RELEASED_REDACTED)
    if _below(reach, "documents") and "attachment" in kinds:
        yield Asked("ATTACHMENT_DROPPED", RELEASED_REDACTED)


def _below(one: str, other: str) -> bool:
    return LEVELS.index(one) < LEVELS.index(other)


def _audience_level(q: Question, permission: Change) -> str:
    now_in_force = str(permission["level"])
    kept = q.is_self and q.switch("on_level_lowered") == "new_only" and now_in_force != "none"
    if not kept or q.entry.recorded_at is None:
        return now_in_force
    statements = [
        control
        for control in q.facts.access_statements
        if control.change["practice"] == permission["practice"]
        and control.counts_from <= q.entry.recorded_at
    ]
    if not statements:
        return now_in_force
    when_recorded = str(latest(statements, access_strictness).change["level"])
    return max(now_in_force, when_recorded, key=LEVELS.index)


def _reach(q: Question, start: date, audience_level: str) -> str | None:
    """The level that counts for this entry, or None when neither the start nor history reaches it."""
    recorded_at = q.entry.recorded_at
    if recorded_at is None or (not _imported(q.entry) and day(recorded_at) >= start):
        return audience_level
    historic = _history(q)
    if historic is not None and _covers(historic, day(recorded_at)):
        return str(historic["level"])
    return None
