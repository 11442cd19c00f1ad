"""Section 3: integrity, state, registration, access and 104."""

from recordgate_audit.model.days import years_after
from recordgate_audit.model.question import HELD, NOT_ELIGIBLE, Answers, Asked, Question


def integrity(q: Question) -> Answers:
    """CONFLICT, BODY_MISMATCH."""
    if q.entry.conflict:
        yield Asked("CONFLICT", HELD, suppresses=True)
    if q.entry.body_mismatch:
        yield Asked("BODY_MISMATCH", HELD, suppresses=True)


def state(q: Question) -> Answers:
    """STATE_UNKNOWN, IDENTITY."""
    current = q.facts.current
    no_access = q.is_self and q.access is None
    if not q.facts.any_registration or current is None or no_access or q.facts.unreadable:
        yield Asked("STATE_UNKNOWN", HELD)
    if current is not None and current.verification != "verified":
        yield Asked("IDENTITY", HELD)


def registration(q: Question) -> Answers:
    """DECEASED, IDENTITY_CHANGE, NOT_REGISTERED, LEFT_PRACTICE, INACTIVE."""
    if q.facts.died:
        yield Asked("DECEASED", NOT_ELIGIBLE)
    if "old" in q.facts.number_sides:
        yield Asked("IDENTITY_CHANGE", NOT_ELIGIBLE)
    elif "new" in q.facts.number_sides:
        yield Asked("IDENTITY_CHANGE", HELD)
    current = q.facts.current
    if current is None:
        return
    if current.kind != "regular":
        yield Asked("NOT_REGISTERED", NOT_ELIGIBLE)
    if q.entry.practice != current.practice:
        yield Asked("LEFT_PRACTICE", NOT_ELIGIBLE)
    elif current.has_left:
        yield Asked("INACTIVE", NOT_ELIGIBLE)


def access(q: Question) -> Answers:
    """SUSPENDED, S_FLAG, DECLINED, NO_ACCOUNT, UNDER_13, UNDER_16, AREA."""
    if q.facts.suspended:
        yield Asked("SUSPENDED", NOT_ELIGIBLE)
    if q.facts.s_flag:
        yield Asked("S_FLAG", NOT_ELIGIBLE)
    if q.is_self and q.facts.declined:
        yield Asked("DECLINED", NOT_ELIGIBLE)
    if q.is_self and q.switch("needs_account") and not q.facts.account_linked:
        yield Asked("NO_ACCOUNT", NOT_ELIGIBLE)
    yield from _age(q)
    if not _area_shown(q):
        yield Asked("AREA", NOT_ELIGIBLE)


def _age(q: Question) -> Answers:
    current = q.facts.current
    if not q.is_self or current is None:
        return
    granted = q.access is not None and q.access["practice_grant_from"] is not None
    if granted and q.today < years_after(current.birth_date, 13):
        yield Asked("UNDER_13", NOT_ELIGIBLE)
    if not granted and q.today < years_after(current.birth_date, 16):
        yield Asked("UNDER_16", NOT_ELIGIBLE)


def _area_shown(q: Question) -> bool:
    for_patient = q.facts.areas.get((q.entry.practice, q.entry.kind))
    if for_patient is not None:
        return for_patient
    for_practice = q.ruleset["practices"].get(q.entry.practice, {})
    return q.entry.kind not in for_practice.get("areas_off", ())


def enhanced_review(q: Question) -> Answers:
    """ACCESS_REVIEW."""
    since = q.facts.review_needed_since
    if since is None:
        return
    if q.switch("on_104") == "suspend_view":
        yield Asked("ACCESS_REVIEW", NOT_ELIGIBLE)
    elif q.entry.recorded_at is None or q.entry.recorded_at >= since:
        yield Asked("ACCESS_REVIEW", HELD)
